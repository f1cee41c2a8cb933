import { expect, test } from '@jest/globals';
import { LATENCY_BOUNDS } from '@strangler-toolkit/plan';
import { Ledger } from './ledger.ts';
import { addRouteStats, noteTry, type RouteStat, routeStatKey } from './route-stats.ts';

const tried = {
  context: 'items',
  route: 'list',
  side: 'service',
  milliseconds: 3,
  status: 200,
  now: Date.parse('2026-01-02T03:04:05.999Z'),
} as const;

async function noted(...tries: object[]): Promise<readonly RouteStat[]> {
  const ledger = new Ledger<RouteStat>({
    keyOf: routeStatKey,
    merge: addRouteStats,
    limit: 100,
    onDrop: () => {},
  });
  for (const one of tries) noteTry(ledger, { ...tried, ...one });
  let all: readonly RouteStat[] = [];
  await ledger.flush((entries) => Promise.resolve(void (all = entries)));
  return all;
}
const bucketsOf = (milliseconds: readonly number[]) =>
  LATENCY_BOUNDS.map(
    (bound, index) =>
      milliseconds.filter((each) => each <= bound && each > (LATENCY_BOUNDS[index - 1] ?? -1))
        .length,
  );

test('tries of one route, side and second add up: requests, errors (no answer is one), refusals, latencies', async () => {
  const all = await noted(
    {},
    { milliseconds: 3, now: tried.now - 999 },
    { milliseconds: 70_000, status: 500 },
    { status: undefined },
    { status: 400 },
    { status: 499 },
    { status: 399 },
  );
  expect(all).toEqual([
    {
      context: 'items',
      route: 'list',
      side: 'service',
      second: '2026-01-02T03:04:05.000Z',
      requests: 7,
      errors: 2,
      refused: 2,
      latency_buckets: bucketsOf([3, 3, 70_000, 3, 3, 3, 3]),
    },
  ]);
});

test.each([
  ['context', { context: 'other' }],
  ['route', { route: 'one' }],
  ['side', { side: 'monolith' }],
  ['second', { now: tried.now + 1 }],
])('another %s is counted apart', async (_what, other) => {
  const all = await noted({}, other);
  expect(all.map(({ requests }) => requests)).toEqual([1, 1]);
});

test('of numbers that could not be sent, those that came meanwhile are added, bucket by bucket', async () => {
  const ledger = new Ledger<RouteStat>({
    keyOf: routeStatKey,
    merge: addRouteStats,
    limit: 100,
    onDrop: () => {},
  });
  noteTry(ledger, { ...tried, status: 500 });
  noteTry(ledger, { ...tried, status: 422 });
  const failing = ledger.flush(() => {
    noteTry(ledger, { ...tried, milliseconds: 70_000, status: 404 });
    noteTry(ledger, { ...tried, status: 500 });
    return Promise.reject(new Error('down'));
  });
  await expect(failing).rejects.toThrow('down');
  let all: readonly RouteStat[] = [];
  await ledger.flush((entries) => Promise.resolve(void (all = entries)));
  expect(all).toMatchObject([
    { requests: 4, errors: 2, refused: 2, latency_buckets: bucketsOf([3, 3, 3, 70_000]) },
  ]);
});
