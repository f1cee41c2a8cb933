import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareAnswers, type Observed } from './compare.ts';

const json = (body: string, status = 200, headers: Record<string, string> = {}): Observed => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: Buffer.from(body),
});
const paths = (a: Observed, b: Observed, rules = {}) =>
  compareAnswers(a, b, rules).map((difference) => difference.path);

describe('comparing answers', () => {
  test('key order and white space do not matter', () =>
    expect(paths(json('{"a":1,"b":[1,2]}'), json('{ "b":[1,2], "a":1.0 }'))).toEqual([]));
  test('missing, null and different are told apart', () =>
    expect(compareAnswers(json('{"a":null,"b":1}'), json('{"b":2}'))).toEqual([
      { path: '/a', reference: null, candidate: '(absent)' },
      { path: '/b', reference: 1, candidate: 2 },
    ]));
  test('ids beyond 2^53 are not rounded to the same', () =>
    expect(paths(json('{"id":9007199254740993}'), json('{"id":9007199254740992}'))).toEqual([
      '/id',
    ]));
  test('a status difference does not hide the body', () =>
    expect(paths(json('{"a":1}'), json('{"a":2}', 404))).toEqual(['status', '/a']));
  test('arrays of different length say which item', () =>
    expect(paths(json('[1,2,3]'), json('[1,2]'))).toEqual(['/2']));
  test('ignored pointers reach through every item', () =>
    expect(
      paths(json('[{"t":1,"a":1}]'), json('[{"t":2,"a":1}]'), {
        ignore: [{ path: '/*/t', reason: 'clock' }],
      }),
    ).toEqual([]));
  test('unordered arrays are sorted without their ignored fields', () =>
    expect(
      paths(
        json('{"x":[{"t":1,"a":"p"},{"t":2,"a":"q"}]}'),
        json('{"x":[{"t":9,"a":"q"},{"t":8,"a":"p"}]}'),
        { unordered: ['/x'], ignore: [{ path: '/x/*/t', reason: 'clock' }] },
      ),
    ).toEqual([]));
  test('order matters otherwise', () =>
    expect(paths(json('[1,2]'), json('[2,1]'))).toEqual(['/0', '/1']));
  test('other bodies by hash, chosen headers by value', () => {
    const html = (text: string, etag: string): Observed => ({
      status: 200,
      headers: { 'content-type': 'text/html', etag },
      body: Buffer.from(text),
    });
    expect(paths(html('a', '1'), html('b', '2'), { headers: ['ETag'] })).toEqual([
      'header:etag',
      'body',
    ]);
  });
  test('what calls itself JSON and is not is compared by hash', () =>
    expect(paths(json('{'), json('{}'))).toEqual(['body']));
  test('a key named __proto__ is only a key', () =>
    expect(paths(json('{"__proto__":{"a":1}}'), json('{}'))).toEqual(['/__proto__']));
  test('anything equals itself however its keys are ordered', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const reversed = JSON.stringify(value, (_key, inner: unknown) =>
          inner && typeof inner === 'object' && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).reverse())
            : inner,
        );
        expect(paths(json(JSON.stringify(value)), json(reversed))).toEqual([]);
      }),
    ));
});
