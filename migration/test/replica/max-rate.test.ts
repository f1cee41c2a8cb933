import { afterEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { type Clock, Pace } from '../../src/copy/pace.ts';
import { type Pair, testPair } from './pair.ts';

let pair: Pair;
afterEach(async () => {
  await pair.close();
});

/** Stands still until it is let go. */
function heldClock(): Clock & { readonly waiting: () => number; go(): void } {
  let now = 0;
  let held: (() => void)[] | undefined = [];
  return {
    now: () => now,
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (held === undefined) {
          now += milliseconds;
          resolve();
        } else held.push(resolve);
      }),
    waiting: () => held?.length ?? 0,
    go() {
      const released = held ?? [];
      held = undefined;
      now += 3_600_000;
      for (const release of released) release();
    },
  };
}

test('with --max-rate no range is asked for before the last are paid, and every row comes', async () => {
  // One row in each page, so a range of 256 pages has 256 rows.
  pair = await testPair(
    'max_rate',
    `CREATE TABLE goods (id int PRIMARY KEY, filler char(700)) WITH (fillfactor = 10);
     INSERT INTO goods SELECT n, 'x' FROM generate_series(1, 2000) n; ANALYZE goods`,
    'CREATE TABLE goods (id int PRIMARY KEY, filler char(700))',
    [{ monolith: 'goods', service: [{ table: 'goods', columns: { id: 'id', filler: 'filler' } }] }],
  );
  const clock = heldClock();
  const copying = pair.copy({
    parallel: 2,
    pace: new Pace({ unit: 'rows', perSecond: 100 }, clock),
  });
  copying.catch(() => {});
  await until('both readers wait for the clock', async () => clock.waiting() === 2);
  const rows = async (): Promise<number> =>
    Number((await pair.service.client.query('SELECT count(*) FROM goods')).rows[0]?.count);
  const before = await rows();
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThanOrEqual(2 * 256);
  clock.go();
  expect(await copying).toMatchObject({ rows: 2000 });
  expect(await rows()).toBe(2000);
});
