import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { pino } from 'pino';
import { WriteGate } from '../src/holds/write-gate.ts';
import { ControlLink, type ControlLinkOptions } from '../src/ownership/control-link.ts';
import { FreshnessCheck } from '../src/ownership/freshness.ts';
import { OwnerStates } from '../src/ownership/owner-states.ts';
import { PinWriter } from '../src/ownership/pin-writer.ts';
import { startControl, type TestControl } from './support/control.ts';

let control: TestControl;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  control = await startControl();
});
beforeEach(async () => {
  await control.query(
    `TRUNCATE strangler_control.contexts, strangler_control.instances, strangler_control.pins,
       strangler_control.watermarks CASCADE`,
  );
  await control.query(
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('items', 'replicated', 'canary', 'monolith', 3), ('other', 'replicated', 'service', 'service', 5)`,
  );
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => control?.close());

const cutConnections = (of: string) =>
  control.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name LIKE $1 AND datname = current_database()`,
    [`facade a ${of}`],
  );
const never = new AbortController().signal;

/** What stands of it in the control database, as a cutover reads it. */
const said = () =>
  control.query(
    `SELECT context, epoch::int, hold_id AS hold, drained FROM strangler_control.instance_contexts ORDER BY 1`,
  );
const saysOf = async (context: string) => (await said()).find((row) => row.context === context);

async function linked(
  limits: {
    pollMs?: number;
    heartbeatMs?: number;
    alsoLook?: NonNullable<ControlLinkOptions['alsoLook']>;
  } = {},
  { log = pino({ level: 'silent' }), withinMs = 60_000 } = {},
) {
  const states = new OwnerStates(
    new Map([
      ['items', 'replicated'],
      ['other', 'replicated'],
      ['nowhere', 'replicated'],
    ]),
  );
  const gate = new WriteGate(states, { maxWaiting: 9, maxWaitMs: 60_000 }, (context) =>
    link.acknowledge(context),
  );
  const link: ControlLink = new ControlLink({
    url: control.url,
    name: 'a',
    states,
    gate,
    log,
    detail: () => ({}),
    // nothing here may rest on the next look or beat
    ...{ pollMs: 600_000, heartbeatMs: 600_000, ...limits },
  });
  stops.push(() => link.stop());
  await link.start(withinMs);
  return { states, gate, link };
}

const hold = async (context: string, milliseconds = 600_000): Promise<string> => {
  const id = randomUUID();
  await control.query(
    `UPDATE strangler_control.contexts SET hold_id = $2, hold_until = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE context = $1`,
    [context, id, milliseconds],
  );
  return id;
};

describe('what a facade says of its contexts', () => {
  test('is the epoch it knows, and that nothing is held and nothing drained; of what nobody told it, nothing', async () => {
    await linked();
    await until('both are acknowledged', async () => (await said()).length === 2);
    expect(await said()).toEqual([
      { context: 'items', epoch: 3, hold: null, drained: false },
      { context: 'other', epoch: 5, hold: null, drained: false },
    ]);
  });

  test('is the hold of that context alone, drained when its last write has left', async () => {
    const { gate } = await linked();
    await until('acknowledged', async () => (await said()).length === 2);
    const under = [await gate.enter('items', never), await gate.enter('items', never)];
    const id = await hold('items');
    await until('the hold is seen', async () => (await saysOf('items'))?.hold === id);
    expect(await saysOf('items')).toMatchObject({ epoch: 3, drained: false });
    for (const write of under as { leave(): void }[]) write.leave();
    await until('drained', async () => (await saysOf('items'))?.drained);
    expect(await saysOf('other')).toMatchObject({ epoch: 5, hold: null, drained: false });
    await control.setContext({ stage: 'service', owner: 'service', epoch: 4 });
    await until('lifted', async () => (await saysOf('items'))?.hold === null);
    expect(await saysOf('items')).toMatchObject({ epoch: 4, drained: false });
  });

  test('is said again after the connection was cut, with what happened meanwhile', async () => {
    const { link } = await linked();
    await until('acknowledged', async () => (await said()).length === 2);
    await control.query('DELETE FROM strangler_control.instances');
    expect(await said()).toEqual([]);
    await cutConnections('link');
    await until('both are acknowledged again', async () => (await said()).length === 2);
    expect(await control.query('SELECT instance_id FROM strangler_control.instances')).toEqual([
      { instance_id: link.instanceId },
    ]);
  });

  test('is gone with a facade that stops, its own alone: no cutover waits for its word', async () => {
    const [one, two] = [await linked(), await linked()];
    await until('both said theirs', async () => (await said()).length === 4);
    const instances = 'SELECT instance_id AS id FROM strangler_control.instances';
    await one.link.stop();
    expect(await control.query(instances)).toEqual([{ id: two.link.instanceId }]);
    expect([(await said()).length, one.link.up, two.link.up]).toEqual([2, false, true]);
    await two.link.stop();
    expect([await control.query(instances), await said()]).toEqual([[], []]);
  });
});

describe('a facade that was rolled back', () => {
  const migrated = (table: string, columns: string): Promise<unknown> =>
    control.query(`INSERT INTO strangler_control.${table} VALUES ('0099-future'${columns})`);
  afterEach(async () => {
    for (const table of ['kysely_migration', 'additive_migrations'])
      await control.query(`DELETE FROM strangler_control.${table} WHERE name = '0099-future'`);
  });

  test('goes on with a control schema that a newer release added to', async () => {
    await migrated('additive_migrations', '');
    const { link } = await linked();
    expect(link.up).toBe(true);
    expect(await saysOf('items')).toMatchObject({ epoch: 3 });
  });

  test('keeps away from one that it would misread, says what to do, and comes when that is over', async () => {
    await migrated('kysely_migration', `, '2030'`);
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
    const { link } = await linked({}, { log, withinMs: 1 });
    await until('it is told', () => lines.length > 0);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      code: 'CONTROL_SCHEMA_NEWER',
      err: expect.stringContaining('0099-future'),
      remedy: expect.stringContaining('Start the newer release again'),
      msg: expect.stringContaining('last known state'),
    });
    expect([link.up, await said()]).toEqual([false, []]);
    await control.query(
      `DELETE FROM strangler_control.kysely_migration WHERE name = '0099-future'`,
    );
    await until('it is linked', () => link.up);
  });
});

test('a facade that is alive says so while nothing else happens', async () => {
  await linked({ pollMs: 20, heartbeatMs: 20 });
  const age = async () =>
    (await control.query('SELECT heartbeat_at::text AS at FROM strangler_control.instances'))[0]
      ?.at;
  const first = await age();
  await until('another beat', async () => (await age()) !== first);
});

test('what changed unheard is seen by the next look', async () => {
  const { states } = await linked({ pollMs: 50 });
  await control.query(`ALTER TABLE strangler_control.contexts DISABLE TRIGGER USER`);
  try {
    // what a look told is acknowledged and looked at once more: three in a row cannot all be seen by that
    for (const epoch of [4n, 5n, 6n]) {
      await control.setContext({ stage: 'service', owner: 'service', epoch: Number(epoch) });
      await until('the next epoch is known', () => states.get('items').epoch === epoch);
    }
  } finally {
    await control.query(`ALTER TABLE strangler_control.contexts ENABLE TRIGGER USER`);
  }
});

test('what is looked up beside the owners is not taken from a database that fell back meanwhile', async () => {
  const lose = 'DELETE FROM strangler_control.contexts';
  const taken: number[] = [];
  let asked = 0;
  let lost = false;
  const { link } = await linked({
    pollMs: 20,
    alsoLook: async () => {
      const time = ++asked;
      if (time === 1) await control.query(lose);
      lost = true;
      return () => void taken.push(time);
    },
  });
  await until('it is lost', () => lost);
  await link.looked(60_000);
  await control.query(
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('items', 'replicated', 'canary', 'monolith', 3), ('other', 'replicated', 'service', 'service', 5)`,
  );
  await until('asked again', () => taken.length > 0);
  expect(taken[0]).toBe(2);
});

describe('whether a reader finds what he wrote', () => {
  function reader() {
    const check = new FreshnessCheck({ url: control.url, name: 'a', patienceMs: 60_000 });
    stops.push(() => check.stop());
    return async (context: string, ...identities: string[]) => {
      const answer = await check.ask(context, identities);
      return answer.known ? answer.fresh : 'no answer';
    };
  }
  function writer(patienceMs = 60_000) {
    const lost: string[] = [];
    const pins = new PinWriter({
      url: control.url,
      name: 'a',
      patienceMs,
      onLost: (context) => lost.push(context),
      sweepMs: 600_000,
    });
    stops.push(() => pins.stop());
    return { pins, lost };
  }
  const both = async () => {
    await control.caughtUp('forward', 3);
    await control.query(
      `INSERT INTO strangler_control.watermarks (context, direction, epoch, state, applied_at, worker_id)
       VALUES ('other', 'reverse', 5, 'caught-up', clock_timestamp(), gen_random_uuid())
       ON CONFLICT (context, direction) DO UPDATE SET applied_at = clock_timestamp()`,
    );
  };

  test('is asked of the pins of each of his names, and of everybody, in this context alone', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    await both();
    const { pins } = writer();
    expect(await pins.pin('items', ['ann', 'session-1'])).toBe(true);
    expect(await fresh('items', 'ann')).toBe(false);
    expect(await fresh('items', 'bob', 'session-1')).toBe(false);
    expect(await fresh('items', 'bob')).toBe(true);
    expect(await fresh('other', 'ann')).toBe(true);
    await pins.pin('items', []);
    expect(await fresh('items', 'bob')).toBe(false);
    expect(await fresh('other', 'bob')).toBe(true);
    await both();
    expect(await fresh('items', 'ann', 'session-1')).toBe(true);
  });

  test('is answered to each of many who ask at once', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    await both();
    await writer().pins.pin('items', ['ann']);
    // the first travels alone, the others together
    expect(
      await Promise.all([
        fresh('other', 'bob'),
        fresh('nowhere', 'ann'),
        fresh('items', 'ann'),
        fresh('other', 'ann'),
        fresh('items', 'bob'),
      ]),
    ).toEqual([true, false, false, true, true]);
  });

  test('moves with the later of two writes, never back', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    const { pins } = writer();
    await pins.pin('items', ['ann']);
    await both();
    expect(await fresh('items', 'ann')).toBe(true);
    await pins.pin('items', ['ann']);
    expect(await fresh('items', 'ann')).toBe(false);
  });

  test('follows him to his new name from the moment of his write', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    const { pins } = writer();
    await pins.pin('items', ['guest']);
    await both();
    await pins.pin('other', ['guest']);
    const carry = (into: string) => pins.carry([{ context: 'items', from: ['guest'], to: [into] }]);
    expect(await carry('ann')).toBe(true);
    expect(await fresh('items', 'ann')).toBe(true);
    await pins.pin('items', ['guest']);
    await carry('ann');
    expect(await fresh('items', 'ann')).toBe(false);
    expect(await fresh('other', 'ann')).toBe(true);
    await both();
    // an older pin carried onto a newer one leaves the newer
    await pins.pin('items', ['bob']);
    await carry('bob');
    expect(await fresh('items', 'bob')).toBe(false);
  });

  test('is not known while a pin is owed, and once everybody is pinned in its place it is', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    await both();
    const { pins, lost } = writer(0);
    expect(await pins.pin('items', ['ann'])).toBe(false);
    expect([lost, pins.owes('items'), pins.owes('other')]).toEqual([['items'], true, false]);
    await until('the debt is settled', () => !pins.owes('items'));
    expect(await fresh('items', 'bob')).toBe(false);
    expect(await fresh('other', 'bob')).toBe(true);
  });

  test('is written once more where its connection is cut meanwhile, and owed to nobody', async () => {
    const { pins, lost } = writer();
    const holder = new pg.Client({ connectionString: control.url });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE strangler_control.pins');
    const waiting = () =>
      control.query(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'facade a pins'
          AND datname = current_database() AND wait_event_type = 'Lock'`,
      );
    const pinned = pins.pin('items', ['ann']);
    await until('it waits', async () => (await waiting()).length === 1);
    const [first] = await waiting();
    await cutConnections('pins');
    await until('another one waits', async () =>
      (await waiting()).some(({ pid }) => pid !== first?.pid),
    );
    await holder.query('COMMIT');
    await holder.end();
    expect([await pinned, lost, pins.owes('items')]).toEqual([true, [], false]);
  });

  test('counts from the connection on: pins that a crash emptied are covered', async () => {
    await both();
    const fresh = reader();
    expect(await fresh('items', 'bob')).toBe(false);
    await both();
    expect(await fresh('items', 'bob')).toBe(true);
    await cutConnections('reads');
    // the first one after may find no connection, no one finds himself fresh
    await until('an answer', async () => {
      const answer = await fresh('items', 'bob');
      expect(answer).not.toBe(true);
      return answer === false;
    });
  });

  test('is a matter of this epoch and of the direction that streams now', async () => {
    const fresh = reader();
    await fresh('items', 'ann');
    await control.caughtUp('forward', 2);
    expect(await fresh('items', 'ann')).toBe(false);
    await control.caughtUp('reverse', 3);
    expect(await fresh('items', 'ann')).toBe(false);
    await control.caughtUp('forward', 3);
    expect(await fresh('items', 'ann')).toBe(true);
  });
});

test('who owns a context at this moment, and whether it is held, is asked when a write failed', async () => {
  const check = new FreshnessCheck({ url: control.url, name: 'a', patienceMs: 60_000 });
  stops.push(() => check.stop());
  expect(await check.ownerNow('other')).toEqual({ owner: 'service', epoch: 5n, held: false });
  expect(await check.ownerNow('items')).toEqual({ owner: 'monolith', epoch: 3n, held: false });
  await hold('items');
  expect(await check.ownerNow('items')).toMatchObject({ held: true });
  expect(await check.ownerNow('other')).toMatchObject({ held: false });
  await hold('items', -1);
  expect(await check.ownerNow('items')).toMatchObject({ held: false });
  expect(await check.ownerNow('nowhere')).toBeUndefined();
});
