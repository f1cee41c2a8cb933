import { expect, test } from '@jest/globals';
import { AnswerCache, type CachePlace, type KeptAnswer } from './answer-cache.ts';
import type { CacheAsked } from './keepable.ts';

const asked: CacheAsked = { method: 'GET', url: '/', headers: {} };
const place = (address = '/', more: Partial<CachePlace> = {}): CachePlace => ({
  context: 'items',
  side: 'monolith',
  epoch: 1n,
  address,
  ...more,
});
const answer = (text: string, suits = (_asked: CacheAsked) => true, ttl = 1): KeptAnswer => ({
  status: 200,
  reason: 'OK',
  rawHeaders: [],
  body: Buffer.from(text),
  freshness: { isPublic: false, timeToLive: () => ttl, age: () => 0, suits },
});
const textOf = (cache: AnswerCache, at: CachePlace, by = asked) =>
  cache.find(at, by)?.body.toString();
const keep = (cache: AnswerCache, at: CachePlace, kept: KeptAnswer) =>
  cache.keep(at, kept, cache.writesOf(at.context));

test('an answer is that of its side, epoch, context and address', () => {
  const cache = new AnswerCache(100_000);
  expect(keep(cache, place(), answer('a'))).toBe(true);
  expect(textOf(cache, place())).toBe('a');
  expect(textOf(cache, place('/other'))).toBeUndefined();
  expect(textOf(cache, place('/', { side: 'service' }))).toBeUndefined();
  expect(textOf(cache, place('/', { context: 'other' }))).toBeUndefined();
});

test('with a new epoch nothing of before is left, and who still asks by the one of before gets and keeps nothing', () => {
  const cache = new AnswerCache(100_000);
  keep(cache, place(), answer('old'));
  expect(textOf(cache, place('/', { epoch: 2n }))).toBeUndefined();
  expect(cache.bytes).toBe(0);
  expect(textOf(cache, place())).toBeUndefined();
  expect(keep(cache, place(), answer('late'))).toBe(false);
});

test('nothing that was asked before the end of a write is kept after it', () => {
  const cache = new AnswerCache(100_000);
  keep(cache, place(), answer('a'));
  keep(cache, place('/', { context: 'other' }), answer('b'));
  const before = cache.writesOf('items');
  const ends = cache.write('items');
  expect(textOf(cache, place())).toBeUndefined();
  const during = cache.writesOf('items');
  expect(cache.keep(place(), answer('during'), during)).toBe(false);
  ends();
  expect(cache.keep(place(), answer('before'), before)).toBe(false);
  expect(cache.keep(place(), answer('during'), during)).toBe(false);
  expect(keep(cache, place(), answer('after'))).toBe(true);
  expect(textOf(cache, place('/', { context: 'other' }))).toBe('b');
});

test('what somebody else wrote is forgotten, and not kept by who asked before', () => {
  const cache = new AnswerCache(100_000);
  keep(cache, place(), answer('a'));
  const before = cache.writesOf('items');
  cache.forget('items');
  expect(textOf(cache, place())).toBeUndefined();
  expect(cache.keep(place(), answer('before'), before)).toBe(false);
  expect(cache.bytes).toBe(0);
});

test('the least recently used is given up first, and what is larger than all is not kept', () => {
  const cache = new AnswerCache(2_000);
  keep(cache, place('/1'), answer('x'.repeat(400)));
  keep(cache, place('/2'), answer('x'.repeat(400)));
  textOf(cache, place('/1'));
  keep(cache, place('/3'), answer('x'.repeat(400)));
  expect(['/1', '/2', '/3'].map((at) => cache.find(place(at), asked) !== undefined)).toEqual([
    ...[true, false, true],
  ]);
  expect(cache.bytes).toBeLessThanOrEqual(2_000);
  expect(keep(cache, place('/4'), answer('x'.repeat(2_000)))).toBe(false);
  expect(textOf(cache, place('/1'))).toBeDefined();
});

test('answers of one address that vary stand side by side, the newest first, sixteen at most', () => {
  const cache = new AnswerCache(100_000);
  const by = (language: string) => (one: CacheAsked) => one.headers['accept-language'] === language;
  const ask = (language: string) =>
    textOf(cache, place(), { ...asked, headers: { 'accept-language': language } });
  keep(cache, place(), answer('de', by('de')));
  keep(cache, place(), answer('en', by('en')));
  expect([ask('de'), ask('en'), ask('fr')]).toEqual(['de', 'en', undefined]);
  keep(cache, place(), answer('de again', by('de')));
  expect(ask('de')).toBe('de again');
  for (let index = 0; index < 40; index++) keep(cache, place(), answer('n', by(String(index))));
  expect(cache.bytes).toBeLessThan(16 * 600);
  keep(
    cache,
    place('/old'),
    answer('old', () => false, 0),
  );
  const with_ = cache.bytes;
  keep(
    cache,
    place('/old'),
    answer('new', () => true, 1),
  );
  expect(cache.bytes).toBe(with_);
});
