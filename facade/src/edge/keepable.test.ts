import { expect, test } from '@jest/globals';
import { asksPlainly, freshnessOf, saysWho } from './keepable.ts';

const asked = { method: 'GET', url: '/x', headers: { host: 'shop', 'accept-language': 'de' } };
const kept = (headers: Record<string, string>, known = false, status = 200) =>
  freshnessOf(asked, { status, rawHeaders: Object.entries(headers).flat() }, known);

test.each([
  [{ 'Cache-Control': 'max-age=60' }, true],
  [{ 'Cache-Control': 's-maxage=60' }, true],
  [{ 'Cache-Control': 'max-age=60, s-maxage=0' }, false],
  [{ 'Cache-Control': 'private, max-age=60' }, false],
  [{ 'Cache-Control': 'no-store' }, false],
  [{ 'Cache-Control': 'no-cache' }, false],
  [{ 'Cache-Control': 'max-age=60', 'Set-Cookie': 'a=1' }, false],
  [{ 'Cache-Control': 'public, max-age=60', 'Set-Cookie': 'a=1' }, false],
  [{ 'Cache-Control': 'max-age=60', Vary: '*' }, false],
  [{ 'Cache-Control': 'max-age=60', Age: '70' }, false],
  // nobody said so: a guess from when it changed is not made
  [{ 'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }, false],
  [{}, false],
])('%j is kept: %s', (headers, is) => {
  expect(kept(headers) !== undefined).toBe(is);
});

test('for who says who asks only what is public is kept', () => {
  expect(kept({ 'Cache-Control': 'max-age=60' }, true)).toBeUndefined();
  expect(kept({ 'Cache-Control': 'x-public, max-age=60' }, true)).toBeUndefined();
  expect(kept({ 'Cache-Control': 'max-age=60, public' }, true)?.isPublic).toBe(true);
  expect(kept({ 'Cache-Control': 's-maxage=60' }, true)?.isPublic).toBe(true);
  expect(kept({ 'Cache-Control': 'max-age=60' })?.isPublic).toBe(false);
});

test('parts and failures are not kept', () => {
  expect(kept({ 'Cache-Control': 'max-age=60' }, false, 206)).toBeUndefined();
  expect(kept({ 'Cache-Control': 'max-age=60' }, false, 503)).toBeUndefined();
  expect(kept({ 'Cache-Control': 'max-age=60' }, false, 404)).toBeDefined();
});

test('what an answer varies by must be the same, and a reader may want a younger one', () => {
  const freshness = kept({ 'Cache-Control': 'max-age=60', Vary: 'Accept-Language', Age: '10' });
  expect(freshness?.suits(asked)).toBe(true);
  const other = (headers: object) => ({ ...asked, headers: { ...asked.headers, ...headers } });
  expect(freshness?.suits(other({ 'accept-language': 'en' }))).toBe(false);
  expect(freshness?.suits(other({ 'cache-control': 'no-cache' }))).toBe(false);
  expect(freshness?.suits(other({ 'cache-control': 'max-age=5' }))).toBe(false);
  expect(freshness?.age()).toBeGreaterThanOrEqual(10);
});

test('only a plain GET is answered by what others were told', () => {
  expect(asksPlainly('GET', { accept: '*/*' })).toBe(true);
  expect(asksPlainly('HEAD', {})).toBe(false);
  expect(asksPlainly('POST', {})).toBe(false);
  expect(asksPlainly('GET', { range: 'bytes=0-1' })).toBe(false);
  expect(asksPlainly('GET', { 'if-none-match': '"1"' })).toBe(false);
  expect(asksPlainly('GET', { accept: 'x', 'if-range': '"1"' })).toBe(false);
  expect(asksPlainly('GET', { 'if-modified-since': 'x' })).toBe(false);
  expect(saysWho({ cookie: 'a=1' })).toBe(true);
  expect(saysWho({ authorization: 'x' })).toBe(true);
  expect(saysWho({ accept: 'x' })).toBe(false);
});
