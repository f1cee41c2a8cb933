import { expect, test } from '@jest/globals';
import { announcesTooMuch, byteCounter } from './body-limit.ts';

test('a length is too much from one byte over the limit', () => {
  expect(announcesTooMuch('10', 10)).toBe(false);
  expect(announcesTooMuch('11', 10)).toBe(true);
  expect(announcesTooMuch('1', 0)).toBe(true);
  expect(announcesTooMuch(undefined, 0)).toBe(false);
});

test('too much is said once, at the byte that is too much', () => {
  let said = 0;
  const count = byteCounter(10, () => said++);
  count(Buffer.alloc(4));
  count(Buffer.alloc(6));
  expect(said).toBe(0);
  count(Buffer.alloc(1));
  expect(said).toBe(1);
  count(Buffer.alloc(99));
  expect(said).toBe(1);
});
