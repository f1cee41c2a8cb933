import { expect, test } from '@jest/globals';
import { age, bytes, share } from './units.ts';

test.each([
  [0, '0 s'],
  [89.4, '89 s'],
  [90, '2 min'],
  [5399, '90 min'],
  [5400, '2 h'],
  [172_799, '48 h'],
  [172_800, '2 days'],
])('an age of %d seconds reads %s', (seconds, text) => expect(age(seconds)).toBe(text));

test.each([
  [0, '0 bytes'],
  [10_239, '10239 bytes'],
  [10_240, '10 kB'],
  [10_485_759, '10240 kB'],
  [10_485_760, '10 MB'],
  [10_737_418_240, '10 GB'],
])('%d bytes read %s', (count, text) => expect(bytes(count)).toBe(text));

test.each([
  [0, 0, '–'],
  [0, 7, '0 %'],
  [1, 3, '33.33 %'],
  [7, 7, '100 %'],
])('%d of %d is %s', (part, whole, text) => expect(share(part, whole)).toBe(text));
