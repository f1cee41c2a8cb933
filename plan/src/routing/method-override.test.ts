import { expect, test } from '@jest/globals';
import { methodOverride } from './method-override.ts';

const asks = (headers: Record<string, string | string[]>, search = '') =>
  methodOverride({ headers, search });

test.each([
  [{ 'x-http-method-override': 'DELETE' }, '', 'DELETE'],
  [{ 'x-http-method-override': ' put ' }, '', 'PUT'],
  [{ 'x-method-override': 'patch' }, '', 'PATCH'],
  [{ 'x-http-method': ['MERGE', 'GET'] }, '', 'MERGE'],
  [{}, '?a=1&_method=delete', 'DELETE'],
])('%j %s: %s', (headers, search, method) => expect(asks(headers, search)).toBe(method));

test.each([
  [{}, ''],
  [{ 'x-http-method-override': '' }, ''],
  [{ 'x-http-method-override': 'get' }, ''],
  [{ 'x-method-override': 'HEAD' }, ''],
  [{}, '?_method='],
  [{}, '?my_method=PUT'],
  [{}, '?_methods=PUT'],
])('%j %s: nothing', (headers, search) => expect(asks(headers, search)).toBeUndefined());
