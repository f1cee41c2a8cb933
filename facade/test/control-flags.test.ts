import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import {
  forgetFlagsStatement,
  nameFlagStatement,
  turnFlagOffStatement,
  turnFlagOnStatement,
} from '@strangler-toolkit/plan';
import pg from 'pg';
import type { FlagReader } from '../src/flags/flag-reader.ts';
import { controlFlags, openFlagReader } from '../src/flags/open-flag-reader.ts';
import { defaultLimits } from '../src/config/limits.ts';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { identitiesOf } from '../../migration/src/steps/ramp-names.ts';
import {
  flagNamesSuite,
  flagReaderSuite,
  suiteFlags,
  suiteNamed,
} from './support/flag-reader-suite.ts';
import { servedBy } from './support/replicated-items.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let monolith: Upstream;
let service: Upstream;
let control: TestControl;
const facades: RunningFacade[] = [];
const folders = new Set<string>();
beforeAll(async () => {
  monolith = await startUpstream('monolith');
  service = await startUpstream('service');
});
beforeEach(async () => {
  control = await startControl();
  await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1, dataKind: 'none' });
});
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop({ keepState: true });
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await control.close();
});
afterAll(async () => {
  await monolith?.close();
  await service?.close();
});

const run = ({ text, values }: { text: string; values: unknown[] }) => control.query(text, values);
const start = async (more: { stateDir?: string; pollMs?: number } = {}): Promise<RunningFacade> => {
  const { stateDir, pollMs = 200 } = more;
  const facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, service.url)],
    monolithUrl: monolith.url,
    controlUrl: control.url,
    ...(stateDir && { stateDir }),
    limits: { pollMs, startMs: 2_000 },
  });
  facades.push(facade);
  folders.add(facade.stateDir);
  return facade;
};
const reads = (facade: RunningFacade, side: string): Promise<true> =>
  until(`reads from the ${side}`, async () => (await servedBy(facade)) === side);

describe('the port', () => {
  let reader: FlagReader;
  beforeAll(async () => {
    const own = await startControl();
    const client = new pg.Client(own.url);
    await client.connect();
    for (const [name, percent] of Object.entries(suiteFlags)) {
      await client.query(turnFlagOnStatement(name));
      if (percent === 0) await client.query(turnFlagOffStatement(name));
    }
    await client.query(nameFlagStatement(suiteNamed.flag, false, [suiteNamed.identity]));
    const stateDir = await mkdtemp(join(tmpdir(), 'facade-'));
    folders.add(stateDir);
    const options = { name: 'suite', stateDir, controlUrl: own.url };
    const flags = controlFlags(
      { ...options, contexts: [], monolithUrl: monolith.url },
      defaultLimits,
      () => {},
    );
    reader = await openFlagReader({ ...options, startMs: 1, onProblem: () => {}, control: flags });
    (await flags?.look(client))?.();
    await client.end();
    await own.close();
  });
  flagNamesSuite('the control database', () => reader);
  flagReaderSuite('the control database', () => reader);
});

describe('a facade with a control database and no Unleash', () => {
  test('follows its flags as soon as they are told, and a kill switch', async () => {
    // by the notification alone: the next look would come in an hour
    const facade = await start({ pollMs: 3_600_000 });
    expect(await servedBy(facade)).toBe('monolith');
    await run(turnFlagOnStatement('items.list'));
    await reads(facade, 'service');
    await run(turnFlagOnStatement('items.kill'));
    await reads(facade, 'monolith');
    await run(turnFlagOffStatement('items.kill'));
    await reads(facade, 'service');
    await run(forgetFlagsStatement(['items.list']));
    await reads(facade, 'monolith');
  });

  test('leads those over who are named, also after a restart, until the flag is changed by whatever release', async () => {
    const items = itemsContext('none', monolith.url, service.url);
    const ann = identitiesOf(items, ['ann']);
    const asks = async (facade: RunningFacade, user?: string): Promise<unknown> =>
      (await ask(facade.port, '/api/items', user ? { headers: { authorization: user } } : {}))
        .headers['x-strangler-served-by'];
    const facade = await start();
    await run(nameFlagStatement('items.list', false, ann));
    await until('ann is led over', async () => (await asks(facade, 'ann')) === 'service');
    expect(await asks(facade, 'bob')).toBe('monolith');
    expect(await asks(facade)).toBe('monolith');
    await control.allowConnections(false);
    await facade.stop({ keepState: true });
    const again = await start({ stateDir: facade.stateDir });
    expect(await asks(again, 'ann')).toBe('service');
    expect(await asks(again, 'bob')).toBe('monolith');
    await control.allowConnections(true);
    // as a release before names does it
    await run(turnFlagOffStatement('items.list'));
    await until('ann is back', async () => (await asks(again, 'ann')) === 'monolith');
  });

  test('hears the flags of a schema that is older than names', async () => {
    await control.query(
      'ALTER TABLE strangler_control.flags DROP COLUMN identities, DROP COLUMN identities_at',
    );
    const facade = await start();
    await run(turnFlagOnStatement('items.list'));
    await reads(facade, 'service');
    expect((await facade.readiness()).flags).toMatchObject({ state: 'synced', lastError: null });
  });

  test('says that it has no shares, and is ready all the same', async () => {
    const facade = await start();
    await until(
      'its flags are read',
      async () => (await facade.readiness()).flags.state === 'synced',
    );
    expect(await facade.readiness()).toMatchObject({
      status: 'ready',
      flags: { source: 'control', lacks: expect.stringContaining('no share') },
    });
    const [row] = await control.query(
      `SELECT detail->>'flags' AS flags FROM strangler_control.instances`,
    );
    expect(row).toEqual({ flags: 'control' });
  });

  test('keeps what it knew while the control database is away, also over a restart', async () => {
    await run(turnFlagOnStatement('items.list'));
    const facade = await start();
    await reads(facade, 'service');
    await control.allowConnections(false);
    await until(
      'the link is down',
      async () => (await facade.readiness()).control.state === 'down',
    );
    expect(await servedBy(facade)).toBe('service');
    await facade.stop({ keepState: true });
    const again = await start({ stateDir: facade.stateDir });
    expect(await servedBy(again)).toBe('service');
    expect(await again.readiness()).toMatchObject({
      status: 'degraded',
      flags: { source: 'control', state: 'stale' },
    });
    await control.allowConnections(true);
    await run(turnFlagOffStatement('items.list'));
    await reads(again, 'monolith');
  });

  test('of an older release says how to migrate it, and still hears who owns what', async () => {
    await control.query('DROP TABLE strangler_control.flags');
    const facade = await start();
    await control.setContext({
      stage: 'service',
      owner: 'service',
      epoch: 2,
      dataKind: 'replicated',
    });
    await until(
      'the owner is heard of',
      async () => (await facade.readiness()).contexts.items?.owner === 'service',
    );
    expect(await facade.readiness()).toMatchObject({
      status: 'degraded',
      flags: { state: 'none', lastError: expect.stringContaining('strangler control migrate') },
    });
  });

  test('acknowledges a hold though its flags cannot be read', async () => {
    await control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    const facade = await start();
    // by a lock it would be the same, but nobody else on this server could make a slot meanwhile
    await control.query('ALTER TABLE strangler_control.flags RENAME COLUMN enabled TO is_on');
    await until('it notices', async () =>
      String((await facade.readiness()).flags.lastError).includes('cannot be read'),
    );
    expect((await facade.readiness()).control.state).toBe('up');
    const hold = await control.hold(60_000);
    await until('the hold is acknowledged', async () => {
      const rows = await control.query(
        'SELECT FROM strangler_control.instance_contexts WHERE hold_id::text = $1',
        [hold],
      );
      return rows.length === 1;
    });
  });

  test('takes no flags from a database that tells older owners than it knows, or has lost them', async () => {
    await run(turnFlagOnStatement('items.kill'));
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 7, dataKind: 'none' });
    await run(turnFlagOnStatement('items.list'));
    const facade = await start();
    await until('both are heard', async () => {
      const { contexts, flags } = await facade.readiness();
      return flags.state === 'synced' && contexts.items?.epoch === '7';
    });
    // as after a restore: before the kill switch
    await control.query(
      `UPDATE strangler_control.contexts SET epoch = 3; DELETE FROM strangler_control.flags WHERE name = 'items.kill'`,
    );
    await until('it distrusts', async () => (await facade.readiness()).flags.state === 'stale');
    expect(await servedBy(facade)).toBe('monolith');
    await control.query(`UPDATE strangler_control.contexts SET epoch = 7`);
    await reads(facade, 'service');
    await run(turnFlagOnStatement('items.kill'));
    await reads(facade, 'monolith');
    await control.query(
      `DELETE FROM strangler_control.contexts; DELETE FROM strangler_control.flags`,
    );
    await until('it distrusts', async () => (await facade.readiness()).flags.state === 'stale');
    await run(turnFlagOnStatement('items.list'));
    expect(await servedBy(facade)).toBe('monolith');
  });
});
