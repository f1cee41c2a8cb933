import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import {
  forgetInstanceStatement,
  type FlagSource,
  registerInstanceStatement,
} from '@strangler-toolkit/plan';
import pg from 'pg';
import { type Control, openControl } from '../src/control/index.ts';
import { ControlFlagWriter } from '../src/flags/control/control-flag-writer.ts';
import { checkFlagSource } from '../src/steps/doctor/flag-source.ts';
import type { Finding } from '../src/findings/check.ts';
import { flagWriterSuite } from './support/flag-writer-suite.ts';

let database: TestDatabase;
let control: Control;
let facades: pg.Client;
let writer: ControlFlagWriter;
beforeAll(async () => {
  database = await createTestDatabase('control_flags');
  control = await openControl(database.url);
  facades = new pg.Client(database.url);
  await facades.connect();
  writer = new ControlFlagWriter(async () => control);
});
afterAll(async () => {
  await facades?.end();
  await control?.close();
  await database?.drop();
});

flagWriterSuite('the control database', () => writer, { some: 100, last: 100 });

test('a share between none and all is refused, and the flag stays as it was', async () => {
  await writer.setPercent('items.list', 'items', 100);
  await expect(writer.setPercent('items.list', 'items', 50)).rejects.toMatchObject({
    code: 'UNLEASH_NEEDED',
  });
  expect((await writer.read('items.list', 'items')).percent).toBe(100);
});

describe('while a facade reads its flags from Unleash', () => {
  const id = randomUUID();
  const beat = (flags: FlagSource) =>
    facades.query(registerInstanceStatement(id, 'facade-1', { flags }));
  afterEach(() => facades.query(forgetInstanceStatement(id)));
  const found = async (): Promise<Finding | undefined> => {
    const findings: Finding[] = [];
    await checkFlagSource(control, writer, (finding) => findings.push(finding));
    return findings[0];
  };

  test('no flag of the control database is told or changed, the kill switch least of all', async () => {
    await beat('unleash');
    for (const tried of [
      () => writer.ping(),
      () => writer.readAll(['items.list'], 'items'),
      () => writer.setPercent('items.kill', 'items', 100),
      () => writer.turnOff('items.kill'),
    ])
      await expect(tried()).rejects.toMatchObject({
        code: 'CONFIG_ENV_MISSING',
        message: expect.stringMatching(/UNLEASH_URL.*facade-1/),
      });
    expect(await control.flags.all()).not.toHaveProperty('items.kill');
  });

  test('a facade of a release that does not say where it reads them is one of those', async () => {
    await facades.query(registerInstanceStatement(id, 'facade-old', {}));
    await expect(writer.turnOff('items.kill')).rejects.toMatchObject({
      code: 'CONFIG_ENV_MISSING',
      message: expect.stringContaining('facade-old'),
    });
    expect(await found()).toMatchObject({
      ok: false,
      actual: expect.stringContaining('facade-old'),
    });
  });

  test('doctor names it, and not the one that reads them here', async () => {
    await beat('unleash');
    expect(await found()).toMatchObject({ ok: false, actual: expect.stringContaining('facade-1') });
    await beat('control');
    expect(await found()).toMatchObject({ ok: true });
  });
});
