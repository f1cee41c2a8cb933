import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { identityReader } from './identity.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const readerOf = (texts?: readonly string[]) => identityReader(texts, sha256);

const read = readerOf(['header:Authorization', 'cookie:sid', 'query:user']);
const of = (headers: Record<string, string>, search = '') => read.first({ headers, search });

test('the first source that is there decides, and no token is readable in the result', () => {
  const both = of({ authorization: 'Bearer secret', cookie: 'a=1; sid=s1' });
  expect(both).toBe(of({ authorization: 'Bearer secret' }));
  expect(both).toMatch(/^[0-9a-f]{32}$/);
  expect(of({ cookie: 'a=1; sid=s1' })).toBe(of({ cookie: 'sid=s1' }));
  expect(of({}, '?user=7')).toBe(of({}, '?x=1&user=7'));
});
test('all sources that are there, the first one first', () => {
  const headers = { authorization: 'Bearer secret', cookie: 'a=1; sid=s1' };
  const all = read.all({ headers, search: '?user=7' });
  expect(all).toEqual([
    of({ authorization: 'Bearer secret' }),
    of({ cookie: 'sid=s1' }),
    of({}, '?user=7'),
  ]);
  expect(read.all({ headers: {}, search: '' })).toEqual([]);
});
test('the same value from two sources is two identities', () =>
  expect(of({ cookie: 'sid=7' })).not.toBe(of({}, '?user=7')));
test('nobody stays nobody', () => expect(of({ cookie: 'sidx=1' }, '?users=1')).toBeUndefined());
test.each(['body:user', 'sid', 'claim:sub', 'claim:sub@body:x'])('%s is refused', (source) =>
  expect(() => readerOf([source])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })),
);
test('a header sent several times counts with its first, a cookie with its spaces trimmed', () => {
  const twice = read.first({ headers: { authorization: ['Bearer a', 'Bearer b'] }, search: '' });
  expect(twice).toBe(of({ authorization: 'Bearer a' }));
  expect(of({ cookie: 'a=1;  sid = s1 ' })).toBe(of({ cookie: 'sid=s1' }));
  expect(of({ cookie: 'sid=a=b' })).not.toBe(of({ cookie: 'sid=a' }));
});
test('a cookie of one letter is one too, and what only begins like it is not', () => {
  const short = readerOf(['cookie:s']);
  expect(short.first({ headers: { cookie: 's=1' }, search: '' })).toBeDefined();
  expect(short.first({ headers: { cookie: 'sx' }, search: '' })).toBeUndefined();
});
test('nothing, and a cookie without a value, are nobody', () => {
  expect(of({})).toBeUndefined();
  expect(of({ cookie: 'sid=' })).toBeUndefined();
  expect(of({ cookie: 'sid' })).toBeUndefined();
  expect(of({ authorization: '' }, '?user=')).toBeUndefined();
  expect(readerOf().first({ headers: { authorization: 'x' }, search: '' })).toBeUndefined();
});
test('the name of a header is read in any case, those of cookies and of the query as they are', () =>
  expect(of({ cookie: 'SID=1' }, '?USER=1')).toBeUndefined());

describe('a claim of a token', () => {
  const token = (payload: string): string => `h.${Buffer.from(payload).toString('base64url')}.s`;
  const claims = readerOf(['claim:sub@header:authorization', 'claim:sub@cookie:t']);
  const by = (authorization: string) => claims.first({ headers: { authorization }, search: '' });
  test('is the identity, whatever else is in it and whoever carries it', () => {
    const ann = by(`Bearer ${token('{"sub":"ann","iat":1}')}`);
    expect(ann).toMatch(/^[0-9a-f]{32}$/);
    expect(by(`Bearer ${token('{"iat":2,"sub":"ann"}')}`)).toBe(ann);
    expect(by(token('{"sub":"ann"}'))).toBe(ann);
    const cookie = `t=${token('{"sub":"ann"}')}`;
    expect(claims.first({ headers: { cookie }, search: '' })).toBe(ann);
    expect(by(token('{"sub":"bob"}'))).not.toBe(ann);
    expect(by(token('{"sub":7}'))).toBe(by(token('{"sub":"7"}')));
  });
  test.each([
    '',
    'Basic dXNlcg==',
    'a.b.c',
    token('[1]'),
    token('{}'),
    token('{"sub":{}}'),
    token('null'),
    token('{"sub":""}'),
  ])('is nobody in %j', (text) => expect(by(text)).toBeUndefined());
});

describe('an answer', () => {
  const answers = readerOf(['cookie:sid', 'header:x-session', 'answer:X-User', 'query:u']);
  const said = (headers: Record<string, string | string[]>) => answers.inAnswer(headers);
  const request = (headers: Record<string, string>) => answers.first({ headers, search: '' });
  test('gives what the client will send from now on', () => {
    expect(said({})).toEqual({ given: [], users: [], ended: false });
    expect(said({ 'set-cookie': ['a=1', 'sid=x; Path=/'], 'x-session': 's' }).given).toEqual([
      request({ cookie: 'sid=x' }),
      request({ 'x-session': 's' }),
    ]);
    expect(
      said({ 'set-cookie': 'sid=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT' }),
    ).toMatchObject({
      given: [request({ cookie: 'sid=x' })],
      ended: false,
    });
  });
  test('names a user, which no request can', () => {
    const { given, users } = said({ 'x-user': '7' });
    expect([given, users]).toEqual([[], [expect.stringMatching(/^[0-9a-f]{32}$/)]]);
    expect(request({ 'x-user': '7' })).toBeUndefined();
  });
  test.each([
    'sid=; Path=/',
    'sid=x; Max-Age=0',
    'sid=x; max-age=-1',
    'sid=x; expires=Thu, 01 Jan 1970 00:00:00 GMT',
  ])('ends a session: %s', (line) =>
    expect(said({ 'set-cookie': line })).toEqual({ given: [], users: [], ended: true }),
  );
  test('of several lines for one cookie the last counts', () =>
    expect(said({ 'set-cookie': ['sid=; Max-Age=0', 'sid=new'] })).toMatchObject({ ended: false }));
});
