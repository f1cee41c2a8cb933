import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareAnswers } from './compare.ts';
import type { Observed, Rules } from './difference.ts';
import { readJson } from './json-text.ts';

const answer = (body: string | Buffer, headers: Observed['headers'] = {}): Observed => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? Buffer.from(body) : body,
});
const paths = (one: Observed, other: Observed, rules: Rules = {}): string[] =>
  compareAnswers(one, other, rules).map((difference) => difference.path);
const both = (one: string, other: string, rules: Rules = {}): string[] =>
  paths(answer(one), answer(other), rules);

describe('a comparison never calls different answers the same', () => {
  test.each([
    ['12345678901234567.89', '12345678901234567.91'],
    ['9007199254740993.0', '9007199254740992.0'],
    ['9007199254740993', '9007199254740992'],
    ['1e400', '1e500'],
    ['-1e400', '1e400'],
    ['1e-400', '0'],
    ['0.1', '0.10000000000000001'],
    ['1e9999999999999999', '1e9999999999999998'],
    ['1', '"1"'],
    ['123456789012345.6', '123456789012345.61'],
  ])('%s and %s', (one, other) => {
    expect(both(`{"n":${one}}`, `{"n":${other}}`)).toEqual(['/n']);
    expect(both(`[${one}]`, `[${other}]`, { numbers: 'text' })).toEqual(['/0']);
    expect(both(`[[${one}]]`, `[[${other}]]`, { unordered: [''] })).toEqual(['/0/0']);
  });

  test.each([
    ['1', '1.0'],
    ['0', '-0'],
    ['0', '0.000'],
    ['100', '1e2'],
    ['100', '1E+2'],
    ['0.00012', '1.2e-4'],
    ['12345678901234567.8900', '12345678901234567.89'],
    ['9007199254740993e3', '9007199254740993000'],
    ['0e5', '0'],
  ])('%s and %s are one number, unless the route compares numbers as text', (one, other) => {
    expect(both(`{"n":${one}}`, `{"n":${other}}`)).toEqual([]);
    expect(both(`[${one},7]`, `[7,${other}]`, { unordered: [''] })).toEqual([]);
    expect(both(`{"n":${one}}`, `{"n":${other}}`, { numbers: 'text' })).toEqual(['/n']);
  });
  test('two spellings are told as they were written', () =>
    expect(compareAnswers(answer('[1.0]'), answer('[1]'), { numbers: 'text' })).toEqual([
      { path: '/0', reference: '#1.0', candidate: 1 },
    ]));

  test('a name that stands twice', () => {
    expect(both('{"a":1,"a":2}', '{"a":2}')).toEqual(['/a']);
    expect(both('{"a":2,"a":1}', '{"a":1,"a":2}')).toEqual(['/a']);
    expect(both('{"a":1,"a":2, "b":0}', '{"b":0,"a":1,"a":2}')).toEqual([]);
    expect(both('{"a":1,"\\u0061":2}', '{"a":2}')).toEqual(['/a']);
    expect(both('[{"a":1,"a":2},3]', '[3,{"a":2}]', { unordered: [''] })).not.toEqual([]);
    expect(compareAnswers(answer('{"a":1,"a":2}'), answer('{"a":2}'))[0]?.reference).toEqual({
      '(several of this name)': [1, 2],
    });
  });

  test('bytes that are no UTF-8: a replacement character hides none', () => {
    const [eAcute, eGrave] = ['"\xe9"', '"\xe8"'].map((text) => Buffer.from(text, 'latin1'));
    expect(paths(answer(eAcute!), answer(eGrave!))).toEqual(['body']);
    expect(paths(answer(eAcute!), answer('"\ufffd"'))).toEqual(['body']);
    const latin = { 'content-type': 'application/json; charset=ISO-8859-1' };
    expect(paths(answer(eAcute!, latin), answer(eGrave!, latin))).toEqual(['']);
    const spaced = Buffer.from('"\xe9" ', 'latin1');
    expect(paths(answer(eAcute!, latin), answer(spaced, latin))).toEqual([]);
    expect(
      paths(
        answer('"a"', { 'content-type': 'application/json; charset=odd' }),
        answer('"a" ', { 'content-type': 'application/json; charset=odd' }),
      ),
    ).toEqual(['body']);
  });

  test('the character set is part of what text means', () => {
    const html = (charset: string): Observed =>
      answer('<p>é', { 'content-type': `text/html${charset}` });
    const path = 'header:content-type/charset';
    expect(paths(html('; charset=utf-8'), html('; charset=iso-8859-1'))).toEqual([path]);
    expect(paths(html('; charset=utf-8'), html(''))).toEqual([path]);
    expect(paths(html('; charset=UTF8'), html(';charset="utf-8"'))).toEqual([]);
    const ignore = [{ path, reason: 'browsers agree' }];
    expect(paths(html('; charset=utf-8'), html(''), { ignore })).toEqual([]);
    expect(
      paths(answer('1', { 'content-type': 'application/json; charset=utf-8' }), answer('1')),
    ).toEqual([]);
  });

  test('a byte order mark is seen', () => expect(both('\ufeff{}', '{}')).toEqual(['body']));

  test.each([
    '',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '-',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '"\n"',
    '"a',
    'nul',
    '1 2',
    '[',
    '{"a":',
    "'a'",
    '"\\x"',
    '"\\',
  ])('what is no JSON is compared by its bytes: %j', (text) => {
    expect(() => readJson(text)).toThrow(SyntaxError);
    expect(both(text, `${text} `)).toEqual(['body']);
  });
  test('nesting that no document has is refused, not followed', () =>
    expect(both('['.repeat(100_000), `${'['.repeat(100_000)} `)).toEqual(['body']));

  test('any two different values differ, any two spellings of one are the same', () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.nat(3), (one, other, indent) => {
        const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
        expect(both(left, JSON.stringify(one, null, indent))).toEqual([]);
        // -0 is written 0, so text decides what is different here
        const sorted = (value: unknown): string =>
          JSON.stringify(value, (_key, inner: unknown) =>
            inner && typeof inner === 'object' && !Array.isArray(inner)
              ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
              : inner,
          );
        expect(both(left, right).length === 0).toBe(sorted(one) === sorted(other));
      }),
    ));
});

describe('headers that every client acts on are compared', () => {
  const ok = (headers: Observed['headers']): Observed => answer('1', headers);
  test.each([
    ['location', '/a', '/b'],
    ['cache-control', 'no-store', 'public, max-age=60'],
    ['content-disposition', 'attachment; filename="a"', 'inline'],
    ['www-authenticate', 'Basic realm="a"', 'Bearer'],
    ['vary', 'Accept', 'Accept, Cookie'],
  ])('%s', (name, one, other) => {
    expect(compareAnswers(ok({ [name]: one }), ok({ [name]: other }))).toEqual([
      { path: `header:${name}`, reference: expect.any(String), candidate: expect.any(String) },
    ]);
    expect(paths(ok({ [name]: one }), ok({}))).toEqual([`header:${name}`]);
    expect(paths(ok({ [name]: one }), ok({ [name]: one }))).toEqual([]);
    const ignore = [{ path: `header:${name}`, reason: 'decided' }];
    expect(paths(ok({ [name]: one }), ok({ [name]: other }), { ignore })).toEqual([]);
  });
  test('what a header means, not how it is written', () => {
    const one = { vary: 'Accept,  Cookie', 'cache-control': 'max-age=1, public' };
    const other = { vary: 'cookie, accept', 'cache-control': 'Public,max-age=1' };
    expect(paths(ok(one), ok(other))).toEqual([]);
    const challenge = (nonce: string) => ({
      'www-authenticate': `Digest realm="a", nonce="${nonce}"`,
    });
    expect(paths(ok(challenge('1')), ok(challenge('2')))).toEqual([]);
  });
  test('cookies by names and attributes; values and times are nobody’s business', () => {
    const cookies = (...lines: string[]): Observed => ok({ 'set-cookie': lines });
    const session =
      'sid=1; Path=/; HttpOnly; Secure; SameSite=Lax; Expires=Mon, 01 Jan 2024 00:00:00 GMT';
    expect(
      paths(
        cookies(session),
        cookies(
          'sid=2; samesite=Lax; path=/; secure; httponly; expires=Tue, 02 Jan 2024 00:00:00 GMT',
        ),
      ),
    ).toEqual([]);
    expect(
      paths(cookies(session), cookies('sid=1; Path=/; HttpOnly; SameSite=Lax; Expires=x')),
    ).toEqual(['header:set-cookie/sid']);
    expect(paths(cookies('a=1; Path=/x'), cookies('a=1; Path=/y'))).toEqual([
      'header:set-cookie/a',
    ]);
    expect(paths(cookies('a=1', 'b=2'), cookies('b=2'))).toEqual(['header:set-cookie/a']);
    expect(compareAnswers(cookies('a=secret'), ok({}))).toEqual([
      { path: 'header:set-cookie/a', reference: '(no attributes)', candidate: '(absent)' },
    ]);
    for (const path of ['header:set-cookie/a', 'header:set-cookie'])
      expect(paths(cookies('a=1'), ok({}), { ignore: [{ path, reason: 'gone' }] })).toEqual([]);
    expect(
      paths(cookies('a=1'), ok({}), { ignore: [{ path: 'header:set-cookie/b', reason: 'gone' }] }),
    ).toHaveLength(1);
    expect(paths(cookies('a=1'), cookies('a=2'), { headers: ['set-cookie'] })).toEqual([
      'header:set-cookie',
    ]);
  });
});
