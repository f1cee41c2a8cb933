import { expect, test } from '@jest/globals';
import { PlainInserts } from './plain-inserts.ts';

const runs = (plain: PlainInserts, end: 'succeeded' | 'failed'): void => {
  plain.beginRun();
  plain.tries('items');
  plain[end]();
};
const waited = (plain: PlainInserts): number => {
  let count = 0;
  for (; !plain.tries('items'); count += 1) plain.begin();
  return count;
};

test('rows that were there after all make later transactions look first, the longer the more often, and never for ever', () => {
  const plain = new PlainInserts();
  const waits = Array.from({ length: 12 }, () => {
    runs(plain, 'failed');
    return waited(plain);
  });
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000]);
  for (let run = 0; run < 40; run += 1) runs(plain, 'succeeded');
  runs(plain, 'failed');
  expect(waited(plain)).toBe(500);
});

test('what fails without a try changes nothing', () => {
  const plain = new PlainInserts();
  plain.beginRun();
  expect(plain.failed()).toBe(false);
  expect(plain.refused()).toBe(false);
  expect(plain.tries('items')).toBe(true);
});

test('a table that refuses is not tried again, the others are', () => {
  const plain = new PlainInserts();
  plain.beginRun();
  expect(plain.tries('items')).toBe(true);
  expect(plain.refused()).toBe(true);
  plain.beginRun();
  expect(plain.tries('items')).toBe(false);
  expect(plain.tries('lines')).toBe(true);
});
