import { expect, test } from '@jest/globals';
import { listenAddress, requiredEnv } from './environment.ts';

test('a service listens on loopback and its usual port unless told otherwise', () => {
  expect(listenAddress(4010, {})).toEqual({ host: '127.0.0.1', port: 4010 });
  expect(listenAddress(4010, { HOST: '0.0.0.0', PORT: '0' })).toEqual({ host: '0.0.0.0', port: 0 });
});

test.each(['abc', '-1', '65536', '1.5'])('PORT=%s is refused by name', (value) => {
  expect(() => listenAddress(4010, { PORT: value })).toThrow(/PORT must be/);
});

test('a missing variable is named', () => {
  expect(() => requiredEnv('DATABASE_URL', { DATABASE_URL: ' ' })).toThrow(
    /DATABASE_URL is not set/,
  );
});
