import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from './canonical-path.ts';
import { findClaim } from './find-claim.ts';
import { compileRoutes } from './route-table.ts';

const table = compileRoutes([
  {
    context: 'items',
    data: 'none',
    monolith: { url: 'http://m' },
    service: { url: 'http://s' },
    routes: [
      { name: 'list', method: 'GET', path: '/api/items', kind: 'read' },
      { name: 'one', method: 'GET', path: '/api/items/:id', kind: 'read' },
    ],
  },
]);
const found = (path: string) =>
  findClaim((canonical) => table.match('GET', canonical)?.definition.name, path);

describe('who claims a path', () => {
  test.each([
    ['/api/items', 'list', '/api/items'],
    ['/api/items/', 'list', '/api/items/'],
    ['//api//items', 'list', '/api/items'],
    ['/x/../api/items', 'list', '/api/items'],
    ['/api/%69tems', 'list', '/api/items'],
    ['/api/items/a%20b', 'one', '/api/items/a%20b'],
    // with or without its parameter the same route
    ['/api/items/7;jsessionid=1', 'one', '/api/items/7;jsessionid=1'],
  ])('%s is claimed, in its canonical spelling', (raw, claim, path) =>
    expect(found(raw)).toEqual({ kind: 'claimed', claim, path }),
  );

  test.each([
    '/projects/group%2Fname/repository',
    '/bucket//key//of%5Can/object',
    '/img/https://cdn/x.png',
    '/a/./b/../c',
    '/%7euser/%e2%82%ac',
    '/100%',
    '/page;jsessionid=8A?x',
    '/a%00',
    '/api',
    '/api%2Fother',
    '/apiadmin/..;/x',
    '/a#b',
  ])('%s is nobody’s', (raw) => expect(found(raw).kind).toBe('unclaimed'));

  test.each([
    ['/api%2fitems', 'encoded slash'],
    ['/api%5Citems', 'encoded slash'],
    ['/api\\items', 'encoded slash'],
    ['/api/items%2F7', 'encoded slash'],
    ['/api/items/a%2Fb', 'encoded slash'],
    ['/x/..%2Fapi/items', 'encoded slash'],
    ['/api;x=1/items', 'parameters'],
    ['/api/items;x=1', 'parameters'],
    ['/api/items%3bx', 'parameters'],
    ['/x/..;/api/items', 'parameters'],
    ['/api;x%2Fitems', 'encoded slash'],
    ['/api;x=1%2Fitems', 'parameters and encoded slashes'],
    ['/api/items%00', 'control character'],
    ['/api/items%00.png', 'control character'],
    ['/api/it%0aems', 'control characters'],
    ['/api/items#x', 'fragment'],
    ['/api/items/7#x', 'fragment'],
    ['/api/items/7%00', 'control character'],
    ['/api/items/7%zz', 'broken percent encoding'],
    ['/api/items/%5C', 'slash'],
    ['/api//../items', 'empty segments'],
    ['/api/x//../items', 'empty segments'],
  ])('%s could be a route: refused, because of its %s', (raw, reason) => {
    const result = found(raw);
    expect(result.kind).toBe('doubtful');
    expect(result.kind === 'doubtful' && result.reason).toContain(reason);
  });

  test('what is claimed is canonical, and no spelling of a route passes for unclaimed', () => {
    const slash = fc.constantFrom('/', '//', '/./', '/x/../', '%2f', '\\', '%5C');
    const word = (text: string) =>
      fc.tuple(
        fc.constantFrom(
          text,
          text.replace(/./, (c) => `%${c.charCodeAt(0).toString(16)}`),
        ),
        fc.constantFrom('', '', ';a=b', '%3Ba'),
      );
    fc.assert(
      fc.property(slash, word('api'), slash, word('items'), (one, [api, a], two, [items, b]) => {
        const result = found(`/${one}${api}${a}${two}${items}${b}`);
        if (result.kind === 'unclaimed') throw new Error('it slipped past');
        if (result.kind === 'claimed') expect(canonicalPath(result.path)).toBe(result.path);
      }),
      { numRuns: 2_000 },
    );
  });
});
