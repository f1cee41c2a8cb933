import { afterEach, expect, test } from '@jest/globals';
import { Comparer, ComparisonFailed } from './comparer.ts';
import type { Observed } from './difference.ts';

const list = (length: number, last: number): Observed => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify([...Array.from({ length }, (_, n) => ({ n })), last])),
});
let comparer: Comparer;
afterEach(() => comparer.close());

/** How often the event loop came round. */
function turns(): () => number {
  let count = 0;
  const timer = setInterval(() => count++, 1);
  return () => {
    clearInterval(timer);
    return count;
  };
}

test('large answers are compared while the event loop goes on, and as exactly as small ones', async () => {
  comparer = new Comparer(60_000);
  const count = turns();
  const found = await comparer.compare(list(60_000, 1), list(60_000, 2), undefined);
  // a parse of two such bodies takes longer than that in one piece
  expect(count()).toBeGreaterThan(3);
  expect(found).toEqual([{ path: '/60000', reference: 1, candidate: 2 }]);
  expect(await comparer.compare(list(3, 1), list(3, 2), undefined)).toHaveLength(1);
});

test('many at once are compared one after the other', async () => {
  comparer = new Comparer(60_000);
  const rules = { ignore: [{ path: '/9000', reason: 'last' }] };
  const all = await Promise.all(
    [1, 2, 3, 4].map((n) => comparer.compare(list(9_000, 1), list(9_000, n), n === 3 ? rules : {})),
  );
  expect(all.map((found) => found.length)).toEqual([0, 1, 0, 1]);
});

test('one that takes too long is given up, and the next is compared', async () => {
  comparer = new Comparer(1);
  const endless = comparer.compare(list(300_000, 1), list(300_000, 2), undefined);
  await expect(endless).rejects.toThrow(ComparisonFailed);
  await comparer.close();
  comparer = new Comparer();
  expect(await comparer.compare(list(9_000, 1), list(9_000, 2), undefined)).toHaveLength(1);
});

test('closing ends what runs', async () => {
  comparer = new Comparer();
  const running = comparer.compare(list(300_000, 1), list(300_000, 2), undefined);
  const [outcome] = await Promise.all([running.catch((error: unknown) => error), comparer.close()]);
  expect(outcome).toBeInstanceOf(ComparisonFailed);
});

test('a pattern that never ends keeps nobody waiting', async () => {
  comparer = new Comparer(200);
  const page = (last: string): Observed => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: Buffer.from(`${'a'.repeat(40)}${last}`),
  });
  const masks = [{ pattern: '(a+)+$', reason: 'badly written' }];
  const count = turns();
  await expect(comparer.compare(page('x'), page('y'), { masks })).rejects.toThrow(ComparisonFailed);
  expect(count()).toBeGreaterThan(3);
});
