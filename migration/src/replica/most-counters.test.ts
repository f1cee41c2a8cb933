import { expect, test } from '@jest/globals';
import { mostCounters } from './most-counters.ts';

test.each([
  ['as PostgreSQL comes', 64 * 100, 1600],
  ['a small one', 64 * 20, 320],
  ['a large one', 256 * 1000, 1600],
  ['one whose settings are not told', 0, 2],
])('counters of a context take a part of the lock table: %s', (_server, slots, most) => {
  expect(mostCounters(slots)).toBe(most);
});
