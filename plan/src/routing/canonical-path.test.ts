import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from './canonical-path.ts';

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
    ['/a%2fb', '/a%2Fb'],
    ['/100%', '/100%25'],
    ['/%%41A', '/%25AA'],
    ['/a//../b', '/b'],
  ])('%s becomes %s', (raw, expected) => expect(canonicalPath(raw)).toBe(expected));

  test('dot segments removed before slashes are merged leave another path', () =>
    expect(canonicalPath('/a//../b', 'dots-first')).toBe('/a/b'));

  test('a canonical path is its own canonical path and has no dot segment or empty segment', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '.', '..', '%2e', '%2E', 'a', '%41', '%c3%a9', 'é', '//', '~', ':', ';'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = canonicalPath(`/${pieces.join('')}`);
        expect(canonicalPath(once)).toBe(once);
        const segments = once.split('/').slice(1);
        expect(segments.some((segment) => segment === '.' || segment === '..')).toBe(false);
        expect(segments.slice(0, -1).includes('')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
