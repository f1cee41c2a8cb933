import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import pg from 'pg';
import { createFacade, type Facade } from '../src/facade.ts';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let monolith: Upstream;
let service: Upstream;
let control: TestControl;
let stateDir: string;
let facade: Facade;
let port: number;
beforeAll(async () => {
  monolith = await startUpstream('monolith');
  service = await startUpstream('service');
});
beforeEach(async () => {
  control = await startControl();
  await control.setContext({ stage: 'service', owner: 'service', epoch: 4 });
  stateDir = await mkdtemp(join(tmpdir(), 'facade-'));
});
afterEach(async () => {
  await facade.stop({ deadlineMs: 500 });
  await control.close();
  await rm(stateDir, { recursive: true, force: true });
});
afterAll(async () => {
  await monolith?.close();
  await service?.close();
});

const items = (): MigrationDefinition => itemsContext('replicated', monolith.url, service.url);
const start = async (contexts: readonly MigrationDefinition[], startMs = 30_000): Promise<void> => {
  facade = createFacade({
    contexts,
    monolithUrl: monolith.url,
    controlUrl: control.url,
    name: 'facade',
    stateDir,
    debugHeaders: true,
    // as long as a hang may last; the database answers at once
    limits: { healthMs: 0, startMs, pinMs: 10_000, freshnessMs: 10_000, pollMs: 3_600_000 },
  });
  ({ port } = await facade.start());
};
const writes = async (): Promise<unknown> =>
  (await ask(port, '/api/items', { method: 'POST', headers: { authorization: 'ann' } })).headers[
    'x-strangler-served-by'
  ];

test('the owner of a context that appears is known before its first write is served', async () => {
  await start([]);
  expect(await writes()).toBe('monolith');
  const client = new pg.Client(control.url);
  await client.connect();
  let served = false;
  try {
    // nobody tells of owners for now
    await client.query('BEGIN; LOCK TABLE strangler_control.contexts IN ACCESS EXCLUSIVE MODE');
    const reloaded = facade.reload(async () => [items()]).then(() => (served = true));
    await until('the facade asks for them', async () => {
      const { rows } = await client.query(
        `SELECT FROM pg_locks WHERE NOT granted AND relation = 'strangler_control.contexts'::regclass`,
      );
      return rows.length > 0;
    });
    expect(served).toBe(false);
    await client.query('COMMIT');
    await reloaded;
  } finally {
    await client.end();
  }
  expect(await writes()).toBe('service');
});

test('a context that has left the monolith is not lost because its file is', async () => {
  await start([items()]);
  await expect(facade.reload(async () => [])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('stage service'),
  });
  expect(await writes()).toBe('service');
});

test('a context that appears while nobody tells who owns it is not served, unless its owner is on disk', async () => {
  await start([items()]);
  expect(await writes()).toBe('service');
  await facade.stop({ deadlineMs: 500 });
  // its file is away during a restart, and with it the control database
  await start([], 500);
  await control.allowConnections(false);
  const other = { ...items(), context: 'others', routes: [] };
  await expect(facade.reload(async () => [other])).rejects.toMatchObject({
    code: 'DB_UNREACHABLE',
    message: expect.stringContaining('others'),
  });
  await facade.reload(async () => [items()]);
  expect(await writes()).toBe('service');
  await control.allowConnections(true);
});

test('identities of a context that pins stand for are not changed under them', async () => {
  await start([items()]);
  const changed = { ...items(), identity: ['cookie:sid'] };
  await expect(facade.reload(async () => [changed])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('identity'),
  });
  await control.setContext({ stage: 'monolith', owner: 'monolith', epoch: 5 });
  await until('the facade hears of it', async () => (await writes()) === 'monolith');
  await facade.reload(async () => [changed]);
});
