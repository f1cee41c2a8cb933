import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalTarget } from './canonical-path.ts';

const path = (target: string) => {
  const result = canonicalTarget(target);
  return result.ok ? result.path : result.reason;
};

describe('canonical path', () => {
  test.each([
    ['/a', '/a'],
    ['//evil/api/x', '/evil/api/x'],
    ['/x/%2e%2e/api', '/api'],
    ['/x/../../api', '/api'],
    ['/a/./b/', '/a/b/'],
    ['/a/..', '/'],
    ['/%41%7e%c3%a9', '/A~%C3%A9'],
    ['/é', '/%E9'],
    ['/', '/'],
    ['/a//b///c', '/a/b/c'],
    ['/a/.', '/a/'],
    ['/apiadmin', '/apiadmin'],
  ])('%s becomes %s', (target, expected) => expect(path(target)).toBe(expected));

  test.each([
    '/a%2fb',
    '/a%2Fb',
    '/a\\b',
    '/a%5Cb',
    '/a%00',
    '/a%0d%0a',
    'http://host/a',
    '*',
    'a',
    '/a#b',
    '/a%zz',
    '/a b',
    '/a%',
    '/a?x\u0000',
  ])('%s is refused', (target) => expect(canonicalTarget(target).ok).toBe(false));

  test.each([
    ['*', 'the request target * is not supported'],
    ['http://host/a', 'the request target must be a path'],
    ['/a#b', 'the request target has a fragment'],
    ['/a\\b', 'the path has a backslash'],
    ['/a%2fb', 'the path has an encoded slash'],
    ['/a%00', 'the path has a control character'],
    ['/a%zz', 'the path has a broken percent encoding'],
    ['/a?x\u0000', 'the query has a control character'],
  ])('%s is refused with its reason', (target, reason) => expect(path(target)).toBe(reason));

  test('the query is left alone', () =>
    expect(canonicalTarget('/a?x=%2F&y=../..')).toEqual({
      ok: true,
      path: '/a',
      search: '?x=%2F&y=../..',
    }));

  test('a canonical path is its own canonical path and has no dot segment or empty segment', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '.', '..', '%2e', '%2E', 'a', '%41', '%c3%a9', 'é', '//', '~', ':', ';'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = canonicalTarget(`/${pieces.join('')}`);
        if (!once.ok) return;
        const twice = canonicalTarget(once.path);
        expect(twice).toEqual({ ok: true, path: once.path, search: '' });
        const segments = once.path.split('/').slice(1);
        expect(segments.some((segment) => segment === '.' || segment === '..')).toBe(false);
        expect(segments.slice(0, -1).includes('')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
