import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareAnswers } from './compare.ts';
import type { Observed } from './difference.ts';
import { pointerCovered } from './pointer.ts';

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
  test('order matters otherwise, and is told apart from other items', () => {
    expect(compareAnswers(json('{"x":[1,2]}'), json('{"x":[2,1]}'))).toEqual([
      {
        path: '/x',
        reference: '2 items',
        candidate: 'the same items in another order',
        onlyOrder: true,
      },
    ]);
    expect(paths(json('[1,2]'), json('[2,3]'))).toEqual(['/0', '/1']);
    expect(paths(json('[1,1,2]'), json('[1,2,2]'))).toEqual(['/1']);
    expect(paths(json('[{"a":1,"b":"x"},{"a":2}]'), json('[{"a":2},{"b":"x","a":1.0}]'))).toEqual([
      '',
    ]);
    // ignored fields say nothing about order either
    const ignore = [{ path: '/*/t', reason: 'clock' }];
    const clocks = [json('[{"t":1,"a":1},{"t":2,"a":2}]'), json('[{"t":9,"a":2},{"t":8,"a":1}]')];
    expect(compareAnswers(clocks[0]!, clocks[1]!, { ignore })[0]?.onlyOrder).toBe(true);
    expect(compareAnswers(clocks[0]!, clocks[1]!)[0]?.onlyOrder).toBeUndefined();
  });
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

  test('an item is sorted by all that is in it, an ignored rule reaches arrays and items inside', () => {
    const rules = { unordered: ['/x'], ignore: [{ path: '/x/*/l/*/t', reason: 'clock' }] };
    const items = (...list: [number, number, string][]) =>
      json(JSON.stringify({ x: list.map(([t, n, s]) => ({ l: [{ t, n }], s })) }));
    expect(paths(items([1, 1, 'a'], [2, 2, 'a']), items([8, 2, 'a'], [9, 1, 'a']), rules)).toEqual(
      [],
    );
    expect(paths(items([1, 1, 'a']), items([1, 1, 'b']), rules)).toEqual(['/x/0/s']);
    expect(paths(json('{"x":[2,1,3]}'), json('{"x":[3,2,1]}'), rules)).toEqual([]);
    expect(paths(json('{"x":[1,2]}'), json('{"x":[1,2,3]}'), rules)).toEqual(['/x/2']);
  });
  test('items of an unordered array are the same however their keys are ordered', () =>
    expect(
      paths(
        json('{"x":[{"a":2,"b":1,"c":[3,4]},{"a":1,"b":2,"c":[]}]}'),
        json('{"x":[{"b":2,"c":[],"a":1},{"c":[3,4],"b":1,"a":2}]}'),
        { unordered: ['/x'] },
      ),
    ).toEqual([]));
  test('an item of a list is no field of the same name: a rule for one does not order the other', () =>
    expect(
      paths(json('{"x":[{"t":2},{"t":1}]}'), json('{"x":[{"t":1},{"t":2}]}'), {
        unordered: ['/x'],
        ignore: [{ path: '/t', reason: 'clock' }],
      }),
    ).toEqual([]));
  test('an array is unordered only where the rule says so', () => {
    const rules = { unordered: ['/x/*/y'] };
    expect(paths(json('{"x":[{"y":[1,2]}]}'), json('{"x":[{"y":[2,1]}]}'), rules)).toEqual([]);
    expect(paths(json('{"x":[[1,2]]}'), json('{"x":[[2,1]]}'), rules)).toEqual(['/x/0']);
    expect(paths(json('{"x":[1,2]}'), json('{"x":[2,1]}'), { unordered: ['/y'] })).toEqual(['/x']);
  });
  test('what is ignored is ignored with all that is inside, and nothing beside it', () => {
    const rules = { ignore: [{ path: '/a', reason: 'clock' }] };
    expect(paths(json('{"a":{"b":1}}'), json('{"a":{"b":2,"c":[1]}}'), rules)).toEqual([]);
    expect(paths(json('{"ab":1,"b":{"a":1}}'), json('{"ab":2,"b":{"a":2}}'), rules)).toEqual([
      '/ab',
      '/b/a',
    ]);
    expect(paths(json('[1]'), json('{"a":1}'), rules)).toEqual(['']);
  });
  test('pointers are written and read with their two escapes', () => {
    const [a, b] = [json('{"a/b":1,"c~d":1,"~1":1}'), json('{"a/b":2,"c~d":2,"~1":2}')];
    expect(paths(a, b)).toEqual(['/a~1b', '/c~0d', '/~01']);
    const ignore = ['/a~1b', '/c~0d', '/~01'].map((path) => ({ path, reason: 'clock' }));
    expect(paths(a, b, { ignore })).toEqual([]);
  });
  test.each<[readonly string[], string, boolean]>([
    [['/a'], '/a', true],
    [['/a'], '/a/b', true],
    [['/a/b'], '/a', false],
    [['/*/b'], '/a/b', true],
    [['/*/b'], '/a/c', false],
    [['/x', '/a'], '/a', true],
    [[], '/a', false],
  ])('%j covers %s: %s', (rules, pointer, covered) =>
    expect(pointerCovered(rules, pointer)).toBe(covered),
  );
  test('only integers that would be rounded keep their digits as text', () => {
    const [difference] = compareAnswers(json('{"id":9007199254740993}'), json('{"id":1}'));
    expect(difference).toEqual({ path: '/id', reference: '#9007199254740993', candidate: 1 });
    expect(compareAnswers(json('[9007199254740991]'), json('[0.5]'))).toEqual([
      { path: '/0', reference: 9007199254740991, candidate: 0.5 },
    ]);
    expect(compareAnswers(json('[-9007199254740993]'), json('[1e400]'))[0]?.reference).toBe(
      '#-9007199254740993',
    );
    expect(compareAnswers(json('[1e20]'), json('[1]'))[0]?.reference).toBe(1e20);
  });
  test('null and absent are told apart on either side', () =>
    expect(compareAnswers(json('{"a":1,"c":null}'), json('{"b":null,"c":1}'))).toEqual([
      { path: '/a', reference: 1, candidate: '(absent)' },
      { path: '/c', reference: null, candidate: 1 },
      { path: '/b', reference: '(absent)', candidate: null },
    ]));
  test('an object is not an array, null is no object', () =>
    expect(paths(json('{"a":[],"b":null,"c":{}}'), json('{"a":{},"b":{},"c":[]}'))).toEqual([
      '/a',
      '/b',
      '/c',
    ]));
  test('fifty differences are told, not more', () => {
    const list = (n: number) => json(JSON.stringify(Array.from({ length: 60 }, () => n)));
    expect(paths(list(1), list(2))).toHaveLength(50);
  });
  describe('headers and media types', () => {
    const of = (headers: Observed['headers'], body = 'x'): Observed => ({
      status: 200,
      headers,
      body: Buffer.from(body),
    });
    test('media types are compared without parameters, case and spaces', () => {
      expect(
        paths(of({ 'content-type': 'Text/HTML ; a=b' }), of({ 'content-type': 'text/html' })),
      ).toEqual([]);
      expect(compareAnswers(of({ 'content-type': 'text/html' }), of({}))).toEqual([
        { path: 'header:content-type', reference: 'text/html', candidate: '(absent)' },
      ]);
    });
    test('chosen headers: absent is told, several values are one list, equal ones are silent', () => {
      const rules = { headers: ['X-A', 'X-B'] };
      expect(
        compareAnswers(of({ 'x-a': ['1', '2'], 'x-b': '1' }), of({ 'x-b': '1' }), rules),
      ).toEqual([{ path: 'header:x-a', reference: '1, 2', candidate: '(absent)' }]);
      expect(compareAnswers(of({ 'x-a': ['1', '2'] }), of({ 'x-a': '1, 2' }), rules)).toEqual([]);
    });
    test('JSON by structure only when both say JSON, also with a suffix', () => {
      const problem = { 'content-type': 'application/problem+json' };
      expect(paths(of(problem, '{"a":1}'), of(problem, '{ "a": 1 }'))).toEqual([]);
      const text = { 'content-type': 'text/plain' };
      expect(paths(of(text, '{"a":1}'), of(text, '{ "a": 1 }'))).toEqual(['body']);
      expect(paths(of(problem, '{"a":1}'), of(text, '{ "a": 1 }'))).toEqual([
        'header:content-type',
        'body',
      ]);
      expect(paths(of(text, '{"a":1}'), of(problem, '{ "a": 1 }'))).toEqual([
        'header:content-type',
        'body',
      ]);
    });
    test('other bodies are told by hash and length, never by their text', () =>
      expect(compareAnswers(of({}, 'secret'), of({}, 'other'))).toEqual([
        {
          path: 'body',
          reference: 'sha256:2bb80d537b1da3e3 (6 bytes)',
          candidate: expect.any(String),
        },
      ]));
    test('a status is told with both values', () =>
      expect(compareAnswers(json('{}'), json('{}', 404))).toEqual([
        { path: 'status', reference: 200, candidate: 404 },
      ]));
  });
});
