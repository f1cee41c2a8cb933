import { expect, test } from '@jest/globals';
import { pauseText } from './pause.ts';

test('a write that took longer than the hold waited and was then done', () => {
  expect(pauseText({ heldMs: 390.4, slowestMs: 461.2, failed: 0 })).toBe(
    'writes were held for 390 ms; the slowest answer to a write took 461 ms: the wait, and then the write itself; ' +
      '0 requests failed',
  );
});

test('a write that took less came when some of the hold was over', () => {
  expect(pauseText({ heldMs: 390, slowestMs: 300, failed: 2 })).toBe(
    'writes were held for 390 ms; the slowest answer to a write took 300 ms, for no client wrote in the first 90 ms; ' +
      '2 requests failed',
  );
});

test('without a write there is nothing to compare', () => {
  expect(pauseText({ heldMs: 390, slowestMs: 0, failed: 0 })).toContain(
    'no client wrote meanwhile',
  );
});
