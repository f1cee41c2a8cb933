import { expect, test } from '@jest/globals';
import { BoundedKeys } from './bounded-keys.ts';

test('a key has a place of its own for its time, and comes over none', () => {
  const keys = new BoundedKeys(2, 1_000);
  expect([keys.of('a', 0), keys.of('b', 500), keys.of('a', 999)]).toEqual(['a', 'b', 'a']);
  const shared = keys.of('c', 999);
  expect(shared).toMatch(/^shared \d+$/);
  expect(keys.of('c', 999)).toBe(shared);
  expect(keys.of('b', 999)).toBe('b');
  // the first has ended, and makes room
  expect(keys.of('c', 1_000)).toBe('c');
  expect(keys.of('a', 1_000)).toMatch(/^shared/);
});

test('whoever invents keys fills no memory, and is counted with few others', () => {
  const keys = new BoundedKeys(10, 1_000);
  const places = new Set(Array.from({ length: 5_000 }, (_, index) => keys.of(`${index}`, 0)));
  expect(keys.size).toBe(10);
  expect(places.size).toBeLessThanOrEqual(10 + 1_024);
});
