import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { withStreamLock } from '../../src/stream/source/stream-lock.ts';
import { embeddedTransport, type Transport } from '../../src/stream/index.ts';
import { bothSides, caughtUp, flip, openShop, startWorker } from './shop.ts';

const lock = (
  client: Awaited<ReturnType<typeof connect>>,
  work: () => Promise<void>,
  patienceMs?: number,
): Promise<void> =>
  withStreamLock({ client, context: 'goods', direction: 'forward' }, 'session', work, patienceMs);

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
  // Held here, so that the worker stands exactly where it is about to make what carries its stream.
  let worker: ReturnType<typeof startWorker> | undefined;
  try {
    await lock(client, async () => {
      worker = startWorker({ ...shop, transport });
      await until(
        'the worker waits for the lock',
        async () =>
          (
            await client.query(
              `SELECT FROM pg_stat_activity WHERE application_name = 'strangler-worker-goods' AND query LIKE '%pg_try_advisory_lock%strangler stream%'`,
            )
          ).rowCount === 1,
      );
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
