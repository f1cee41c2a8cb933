import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { bearerAllows, isAdminToken } from './admin-token.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const token = '0123456789abcdef';

test.each<[string | undefined, boolean]>([
  [`Bearer ${token}`, true],
  [`bearer  ${token} `, true],
  [undefined, false],
  ['', false],
  ['Bearer', false],
  ['Bearer ', false],
  [token, false],
  [`Basic ${token}`, false],
  [`Bearer ${token}0`, false],
  [`Bearer ${token.slice(0, -1)}`, false],
  [`Bearer ${token} ${token}`, false],
  [`Bearer x${token.slice(1)}`, false],
  [`Bearer ${token.slice(0, -1)}x`, false],
])('a port with a token opens by %j: %j', (header, allowed) =>
  expect(bearerAllows(header, token, sha256)).toBe(allowed),
);

test('a port without a token is open, with and without a header', () => {
  expect(bearerAllows(undefined, undefined, sha256)).toBe(true);
  expect(bearerAllows('Bearer x', undefined, sha256)).toBe(true);
});

test('digests of different lengths are different', () => {
  expect(bearerAllows(`Bearer ${token}`, token.slice(1), (text) => text)).toBe(false);
  expect(bearerAllows(`Bearer ${token.slice(0, -1)}`, token, (text) => text)).toBe(false);
});

test.each<[string, boolean]>([
  [token, true],
  [token.slice(1), false],
  ['', false],
  ['0123456789 abcdef', false],
  ['0123456789abcdeé', false],
  ['0123456789abcdef\n', false],
])('%j is a token: %j', (text, fits) => expect(isAdminToken(text)).toBe(fits));
