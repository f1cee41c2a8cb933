import { expect, test } from '@jest/globals';
import { connectionOptions, headersObject, rawHeader } from './raw-headers.ts';

const raw = ['Accept', 'a', 'X-ID', '1', 'x-id', '2', 'odd'];

test('a header is found by its name, however it is spelt, the first of several', () => {
  expect(rawHeader(raw, 'x-id')).toBe('1');
  expect(rawHeader(raw, 'x-ix')).toBeUndefined();
  expect(rawHeader(raw, 'accept-x')).toBeUndefined();
  // a value is no name
  expect(rawHeader(['x', 'accept', 'y', 'z'], 'accept')).toBeUndefined();
  expect(rawHeader(raw, 'odd')).toBeUndefined();
});

test('options of all Connection headers count', () => {
  expect(
    connectionOptions([
      'Connection',
      'Close, X-A,,',
      'CONNECTION',
      ' x-b ',
      'Proxy-Connection',
      'x',
    ]),
  ).toEqual(['close', 'x-a', 'x-b']);
  expect(connectionOptions(['x-something', 'connection'])).toEqual([]);
});

test('as an object, names are in lower case and what is repeated is joined as node does', () => {
  expect(
    headersObject([
      ...['X-A', '1', 'x-a', '2', 'Cookie', 'a=1', 'cookie', 'b=2'],
      ...['Set-Cookie', 'c=3', 'set-cookie', 'd=4'],
      ...['Content-Type', 'text/plain', 'content-type', 'text/html'],
      ...['Content-Length', '1', 'content-length', '2', 'Host', 'one', 'host', 'two'],
      ...['User-Agent', 'one', 'user-agent', 'two', 'Authorization', 'one', 'authorization', 'two'],
      'odd',
    ]),
  ).toEqual({
    'x-a': '1, 2',
    cookie: 'a=1; b=2',
    'set-cookie': ['c=3', 'd=4'],
    'content-type': 'text/plain',
    'content-length': '1',
    host: 'one',
    'user-agent': 'one',
    authorization: 'one',
  });
});
