import { expect, test } from '@jest/globals';
import { edgeRules } from './load-edge.ts';
import {
  headOfAsking,
  headOfRenamed,
  markTag,
  rewriteHeaders,
  rewriteHeadersObject,
  rewritesOf,
  unmarkTags,
} from './rewrite.ts';

const rewrites = (rules: unknown) =>
  rewritesOf(edgeRules({ rewrites: rules } as never).rewrites, undefined);

test('what is set replaces every spelling of it, what is removed leaves, and the rest keeps its place', () => {
  const answer = { setHeaders: { 'X-A': 'new' }, removeHeaders: ['Server'] };
  const by = rewrites([{ answer }])?.monolith?.answer;
  if (!by) throw new Error('no rule');
  const raw = ['x-a', '1', 'Set-Cookie', 'a', 'SERVER', 'x', 'X-A', '2', 'Set-Cookie', 'b'];
  expect(rewriteHeaders(raw, by)).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-A', 'new']);
  expect(rewriteHeadersObject({ 'x-a': '1', server: 'x', 'set-cookie': ['a'] }, by)).toEqual({
    'set-cookie': ['a'],
    'x-a': 'new',
  });
});

test('the first rule of a side counts, and a rule without a side is for both', () => {
  const set = (value: string) => ({ request: { setHeaders: { a: value } } });
  const found = rewrites([{ side: 'service', ...set('1') }, set('2'), set('3')]);
  expect(found?.service?.request.set).toEqual(['a', '1']);
  expect(found?.monolith?.request.set).toEqual(['a', '2']);
  expect(rewrites([{ side: 'service', ...set('1') }])?.monolith).toBeUndefined();
  expect(rewritesOf(undefined, undefined)).toBeUndefined();
});

test('a tag has its mark inside its quotes, and other marks are left alone', () => {
  expect(markTag('W/"7"', '~1')).toBe('W/"7~1"');
  expect(markTag('"7"', '~1')).toBe('"7~1"');
  expect(unmarkTags('"7~1", W/"8~1", "9~2", *', '~1')).toBe('"7", W/"8", "9~2", *');
});

test('a head says nothing about the bytes of before', () => {
  const raw = ['Content-Length', '9', 'ETag', '"7"', 'Digest', 'x', 'Content-Encoding', 'gzip'];
  expect(headOfRenamed([...raw, 'Vary', 'a'], 4, '~1')).toEqual([
    ...['ETag', '"7~1"', 'Vary', 'a', 'content-length', '4'],
  ]);
  const asked = ['Range', 'x', 'If-Match', '"7~1"', 'Accept-Encoding', 'br'];
  expect(headOfAsking(asked, '~1', true)).toEqual([
    ...['If-Match', '"7"', 'accept-encoding', 'identity'],
  ]);
});

test('who has an answer of before the rules has other names, and is not told that they are the same', () => {
  const asks = (tags: string, isRead = true): string[] =>
    headOfAsking(['If-None-Match', tags, 'If-Modified-Since', 'x'], '~1', isRead).slice(0, -2);
  expect(asks('"7"')).toEqual([]);
  expect(asks('"7", W/"8~1", "9~2", "5~1"')).toEqual(['If-None-Match', 'W/"8", "5"']);
  expect(asks('*')).toEqual(['If-None-Match', '*']);
  // of a write it is a condition on the state, and must not get lost
  expect(asks('"7", "8~1"', false)).toEqual(['If-None-Match', '"7", "8"']);
  const raw = ['ETag', '"7"', 'Last-Modified', 'x'];
  expect(headOfRenamed(raw, 4, '~1')).toEqual(['ETag', '"7~1"', 'content-length', '4']);
});

test.each([
  [{ setHeaders: { Host: 'x' } }],
  [{ setHeaders: { 'X-Forwarded-For': 'x' } }],
  [{ setHeaders: { 'x_real_ip\r\n': 'x' } }],
  [{ setHeaders: { 'X-A': 'a\r\nX-B: b' } }],
  [{ removeHeaders: ['content_length'] }],
  [{ removeHeaders: ['Transfer-Encoding'] }],
  [{ renameFields: { price: 'x' } }],
  [{ renameFields: { '/a/*': 'x' } }],
  [{ renameFields: { '/a//b': 'x' } }],
  [{ renameFields: { '/a': '' } }],
])('%j is refused', (request) => {
  expect(() => rewrites([{ request }])).toThrow('edge: rewrites.0.request');
});
