import { expect, test } from '@jest/globals';
import { PlainInserts } from './plain-inserts.ts';

test('rows that were there after all make later transactions look first, the longer the more often, and never for ever', () => {
  const plain = new PlainInserts();
  const waits = Array.from({ length: 12 }, () => {
    plain.failed();
    let waited = 0;
    for (; !plain.allowed; waited += 1) plain.begin();
    return waited;
  });
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000]);
});
