import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { StranglerError } from '@strangler-toolkit/plan';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import { connect, databaseName, withConnection } from '../../src/database/connect.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { withStreamLock } from '../../src/stream/source/stream-lock.ts';
import { embeddedTransport, replicationNames, type Transport } from '../../src/stream/index.ts';
import { applierName, runStream, type StreamRun } from '../../src/worker/run-stream.ts';
import { tryWorkerLock } from '../../src/worker/worker-lock.ts';
import { bothSides, caughtUp, flip, openShop, startWorker } from './shop.ts';

const lock = (
  client: Awaited<ReturnType<typeof connect>>,
  work: () => Promise<void>,
  patienceMs?: number,
): Promise<void> =>
  withStreamLock({ client, context: 'goods', direction: 'forward' }, 'session', work, patienceMs);

/** With the lock held, so that the worker stands exactly where it is about to make or remove what carries its stream. */
const waitsForLock = (client: Awaited<ReturnType<typeof connect>>): Promise<unknown> =>
  until(
    'the worker waits for the lock',
    async () =>
      (
        await client.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'strangler-worker-goods' AND query LIKE '%pg_try_advisory_lock%strangler stream%'`,
        )
      ).rowCount === 1,
  );

test('a worker that slept before it made its stream finds the owner changed, and makes nothing', async () => {
  await using shop = await openShop();
  {
    await using _first = startWorker(shop);
    await caughtUp(shop, 'forward');
  }
  const made: string[] = [];
  const transport: Transport = {
    ...embeddedTransport,
    ensure: async ({ direction }) => void made.push(direction),
  };
  const client = await connect(shop.monolithUrl, { applicationName: 'test' });
  let worker: ReturnType<typeof startWorker> | undefined;
  try {
    await lock(client, async () => {
      worker = startWorker({ ...shop, transport });
      await waitsForLock(client);
      expect(made).toEqual([]);
      await flip(shop, 'service');
    });
    await caughtUp(shop, 'reverse');
    expect(made).toEqual(['reverse']);
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
  } finally {
    await worker?.stop();
    await client.end();
  }
});

test('a worker that slept before its first copy finds the stage changed, and removes nothing of another', async () => {
  await using shop = await openShop();
  const removed: string[] = [];
  const transport: Transport = {
    ...embeddedTransport,
    remove: async ({ direction }) => void removed.push(direction),
  };
  await installReplicaSchema(shop.monolith);
  const client = await connect(shop.monolithUrl, { applicationName: 'test' });
  let worker: ReturnType<typeof startWorker> | undefined;
  try {
    await lock(client, async () => {
      worker = startWorker({ ...shop, transport });
      await waitsForLock(client);
      await shop.control.contexts.setStage({
        context: 'goods',
        expectedStage: 'replicating',
        stage: 'monolith',
      });
    });
    await until('the worker has nothing to do', async () =>
      worker?.progress.some(({ phase }) => phase === 'waiting'),
    );
    expect(removed).toEqual([]);
  } finally {
    await worker?.stop();
    await client.end();
  }
});

test('a copy whose tables another one emptied stores no first position', async () => {
  await using shop = await openShop();
  await installReplicaSchema(shop.service);
  await shop.service
    .query(`CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE strangler.copies SET copier = md5(copier::text)::uuid; RETURN NULL; END';
    CREATE TRIGGER overtake AFTER INSERT ON strangler.streams FOR EACH ROW WHEN (NEW.context = 'goods') EXECUTE FUNCTION overtake()`);
  expect(await startWorker(shop).ended).toBe('LEASE_LOST');
  expect(
    (await shop.service.query(`SELECT FROM strangler.streams WHERE context = 'goods'`)).rowCount,
  ).toBe(0);
});

test('a copy one of whose tables is exchanged meanwhile stores no first position', async () => {
  await using shop = await openShop();
  const gate = await connect(shop.serviceUrl, { applicationName: 'test' });
  await gate.query(`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
    CREATE TRIGGER gate BEFORE INSERT ON goods EXECUTE FUNCTION gate(); ALTER TABLE goods ENABLE ALWAYS TRIGGER gate`);
  await gate.query('SELECT pg_advisory_lock(1)');
  const worker = startWorker(shop);
  await until(
    'the other table is copied',
    async () => (await gate.query('SELECT FROM good_prices')).rowCount === 500,
  );
  await gate.query(`BEGIN; CREATE TABLE other AS TABLE good_prices; ALTER TABLE other ADD PRIMARY KEY (good_id);
    ALTER TABLE good_prices RENAME TO former; ALTER TABLE other RENAME TO good_prices; COMMIT`);
  await gate.query('SELECT pg_advisory_unlock(1)');
  expect(await worker.ended).toBe('COPY_FAILED');
  expect((await gate.query(`SELECT FROM strangler.streams WHERE context = 'goods'`)).rowCount).toBe(
    0,
  );
  await gate.end();
});

test('the first position says which history it belongs to before anything was streamed', async () => {
  await using shop = await openShop();
  let first: Awaited<ReturnType<typeof readStreamRow>> = null;
  const transport: Transport = {
    ...embeddedTransport,
    open: async () => {
      first = await readStreamRow(shop.service, 'goods', 'forward');
      throw new StranglerError('SLOT_LOST', 'seen enough');
    },
  };
  expect(await startWorker({ ...shop, transport }).ended).toBe('SLOT_LOST');
  const { rows } = await shop.monolith.query(
    'SELECT system_identifier::text AS system FROM pg_control_system()',
  );
  expect(first).toMatchObject({ history: { system: rows[0].system, timeline: 1 } });
});

test('a worker whose connection to the control database is cut has lost its lock, and learns it also when it asks', async () => {
  await using shop = await openShop();
  const held = await tryWorkerLock(shop.controlUrl, 'goods');
  expect(await tryWorkerLock(shop.controlUrl, 'goods')).toBeNull();
  await held?.check();
  await withConnection(shop.controlUrl, { applicationName: 'test' }, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'strangler-worker-goods' AND datname = current_database()`,
    ),
  );
  await until('it is told', async () => held?.lost.aborted === true);
  await expect(held?.check()).rejects.toThrow();
  await held?.release();
});

test("whoever waits in vain for the origin ends the applier that sleeps over it, unless the context is another's by now", async () => {
  await using shop = await openShop();
  const { origin } = replicationNames('goods', 'forward', databaseName(shop.serviceUrl));
  const [sleeper, target] = await Promise.all(
    ['sleeper', 'waiter'].map(() =>
      connect(shop.serviceUrl, { applicationName: applierName('goods') }),
    ),
  );
  sleeper!.on('error', () => undefined);
  await prepareApplySession(sleeper!, origin);
  const attempt = (stillMine: () => Promise<void>): Promise<void> =>
    runStream({ target, origin, definition: shop.definition, stillMine } as StreamRun);
  const overtaken = async (): Promise<void> => {
    throw new Error('another has it');
  };
  await expect(attempt(overtaken)).rejects.toThrow('another has it');
  expect((await sleeper!.query('SELECT 1 AS one')).rows).toEqual([{ one: '1' }]);
  await expect(attempt(async () => undefined)).rejects.toMatchObject({ code: '55006' });
  const others =
    'SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()';
  await until(
    'nobody sleeps any more',
    async () => (await shop.service.query(others, [applierName('goods')])).rowCount === 1,
  );
  await target!.end();
  await sleeper!.end().catch(() => undefined);
});

test("whoever waits in vain for a stream ends the connection of the one who sleeps over it, and nobody else's", async () => {
  await using shop = await openShop();
  const [sleeper, other, waiter] = await Promise.all(
    ['sleeper', 'other', 'waiter'].map((name) =>
      connect(shop.monolithUrl, { applicationName: name }),
    ),
  );
  for (const client of [sleeper!, other!]) client.on('error', () => undefined);
  let wake: () => void = () => undefined;
  const asleep = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let [taken, held] = [false, false];
  const sleeping = lock(sleeper!, async () => {
    held = true;
    await asleep;
    // What it would do next, through the connection that held the lock.
    await sleeper!.query('SELECT stream FROM strangler.heartbeat');
  }).then(
    () => 'went on',
    () => 'was stopped',
  );
  await until('the sleeper has the lock', async () => held);
  await withStreamLock(
    { client: other!, context: 'goods', direction: 'reverse' },
    'session',
    async () => {
      await lock(waiter!, async () => void (taken = true), 300);
      wake();
      expect(await sleeping).toBe('was stopped');
    },
  );
  expect(taken).toBe(true);
  expect((await other!.query('SELECT 1 AS one')).rows).toEqual([{ one: '1' }]);
  await Promise.all([other!.end(), waiter!.end(), sleeper!.end().catch(() => undefined)]);
});

test('a lock that was taken in a transaction goes with it, also when the transaction failed', async () => {
  await using shop = await openShop();
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => connect(shop.monolithUrl, { applicationName: name })),
  );
  await first!.query('BEGIN');
  await expect(
    withStreamLock(
      { client: first!, context: 'goods', direction: 'forward' },
      'transaction',
      async () => void (await first!.query('SELECT 1 / 0')),
    ),
  ).rejects.toThrow('division by zero');
  await first!.query('ROLLBACK');
  let taken = false;
  await lock(second!, async () => void (taken = true), 10_000);
  expect(taken).toBe(true);
  await Promise.all([first!.end(), second!.end()]);
});
