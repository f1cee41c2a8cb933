import { describe, expect, test } from '@jest/globals';
import { type Asking, whatIsAsked } from './asked.ts';
import { findClaim } from './find-claim.ts';

/** Claims /items for GET, and says which method was asked beside it. */
const asking = (asked: Asking) =>
  whatIsAsked(
    ({ method, rawPath, override }) =>
      findClaim(
        (path) => (path === '/items' && method === 'GET' ? `items ${override ?? ''}` : undefined),
        rawPath,
      ),
    asked,
  );
const get = (url: string, headers: Asking['headers'] = {}) => asking({ url, headers });

describe('what a request asks for', () => {
  test('is the canonical target where it is claimed', () => {
    expect(get('//%69tems?q=1')).toEqual({
      found: { kind: 'claimed', path: '/items', claim: 'items ' },
      search: '?q=1',
      target: '/items?q=1',
      authority: undefined,
    });
  });

  test('is byte for byte what came where nobody claims it, fragments included', () => {
    expect(get('//other/%2F;x/../%7e?%zz#y')).toEqual({
      found: { kind: 'unclaimed', path: '/other/~' },
      search: '?%zz#y',
      target: '//other/%2F;x/../%7e?%zz#y',
      authority: undefined,
    });
  });

  test('is the server as a whole for OPTIONS *', () => {
    expect(asking({ method: 'OPTIONS', url: '*', headers: {} })).toEqual({
      found: { kind: 'unclaimed', path: '*' },
      search: '',
      target: '*',
      authority: undefined,
    });
  });

  test('has the host of an absolute form', () => {
    expect(get('http://shop:81/x')).toMatchObject({ target: '/x', authority: 'shop:81' });
  });

  test('may be another method than it says', () => {
    expect(get('/items', { 'x-http-method-override': 'DELETE' })).toMatchObject({
      found: { claim: 'items DELETE' },
    });
    expect(get('/items?_method=put')).toMatchObject({ found: { claim: 'items PUT' } });
  });

  test('is nothing without a target', () => {
    expect(asking({ headers: {} })).toMatchObject({ refused: expect.any(String) });
  });
});

describe('nobody may answer', () => {
  const doubt = ', so that two servers could differ in whose route it is';
  test.each([
    ['/items?x#y', `the request target has a fragment${doubt}`],
    ['/%2fitems', `the path has an encoded slash or a backslash${doubt}`],
    ['ftp://host/x', 'the request target must be a path or an http address'],
    ['*', 'the request target * is for OPTIONS only'],
  ])('%s', (url, refused) => expect(get(url)).toEqual({ refused }));
});
