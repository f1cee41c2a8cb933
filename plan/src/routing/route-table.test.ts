import { describe, expect, test } from '@jest/globals';
import type { HttpMethod, MigrationDefinition } from '../migration.ts';
import { compileRoutes } from './route-table.ts';

const context = (
  name: string,
  ...routes: [string, HttpMethod | 'ANY', string][]
): MigrationDefinition => ({
  context: name,
  data: 'none',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: routes.map(([route, method, path]) => ({
    name: route,
    method,
    path,
    kind: method === 'GET' ? ('read' as const) : ('write' as const),
  })),
});

describe('route table', () => {
  const table = compileRoutes([
    context(
      'c',
      ['one', 'GET', '/p/:id'],
      ['new', 'GET', '/p/new'],
      ['list', 'GET', '/p'],
      ['add', 'POST', '/p'],
      ['head', 'HEAD', '/h'],
      ['h', 'GET', '/h'],
    ),
  ]);
  const name = (method: string, path: string) => table.match(method, path)?.definition.name;
  test('a fixed segment beats a parameter', () =>
    expect([name('GET', '/p/new'), name('GET', '/p/7')]).toEqual(['new', 'one']));
  test('HEAD is served by the GET route unless a HEAD route is declared', () =>
    expect([name('HEAD', '/p'), name('HEAD', '/h')]).toEqual(['list', 'head']));
  test('a trailing slash does not slip past', () =>
    expect([name('POST', '/p/'), name('GET', '/p/')]).toEqual(['add', 'list']));
  test('what only looks alike is not claimed', () =>
    expect([
      name('GET', '/pp'),
      name('GET', '/p/1/2'),
      name('DELETE', '/p'),
      name('GET', '/P'),
      name('GET', '/'),
    ]).toEqual([undefined, undefined, undefined, undefined, undefined]));
  test('two contexts that claim one request are refused at start', () => {
    expect(() =>
      compileRoutes([
        context('a', ['x', 'GET', '/q/:id']),
        context('b', ['y', 'GET', '/q/:other']),
      ]),
    ).toThrow(/a\.x .*b\.y/);
    expect(() =>
      compileRoutes([
        context('a', ['x', 'GET', '/q/:id/z']),
        context('b', ['y', 'GET', '/q/w/:id']),
      ]),
    ).toThrow(/claim the same/);
  });
  test('the narrower of two contexts wins', () =>
    expect(
      compileRoutes([
        context('a', ['x', 'GET', '/q/:id']),
        context('b', ['y', 'GET', '/q/w']),
      ]).match('GET', '/q/w')?.context,
    ).toBe('b'));
  test('of two routes of one context that could both serve, the one that is fixed further left does, in any order', () => {
    const narrow: [string, HttpMethod, string] = ['left', 'GET', '/q/w/:id'];
    const wide: [string, HttpMethod, string] = ['right', 'GET', '/q/:id/z'];
    for (const routes of [
      [narrow, wide],
      [wide, narrow],
    ])
      expect(compileRoutes([context('a', ...routes)]).match('GET', '/q/w/z')?.definition.name).toBe(
        'left',
      );
  });
  test('one request claimed twice is refused within a context too, and says which two and what to do', () =>
    expect(() =>
      compileRoutes([context('a', ['x', 'GET', '/q/w'], ['y', 'GET', '/q/w/'])]),
    ).toThrow('a.x (GET /q/w) and a.y (GET /q/w/)'));
  test('another method, another length or another fixed segment is no conflict', () => {
    const table = compileRoutes([
      context('a', ['x', 'GET', '/q/:id'], ['root', 'GET', '/']),
      context('b', ['y', 'PUT', '/q/:id'], ['z', 'GET', '/q/:id/:of'], ['u', 'GET', '/r/:id']),
      context('c', ['v', 'GET', '/s/:id/t']),
      context('d', ['w', 'GET', '/s/:id/u']),
    ]);
    const found = ['/', '/q/1', '/r/1', '/q/1/2', '/s/1/t', '/s/1/u'].map(
      (path) => table.match('GET', path)?.definition.name,
    );
    expect(found).toEqual(['root', 'x', 'u', 'z', 'v', 'w']);
    expect(table.match('PUT', '/q/1')?.context).toBe('b');
    expect(table.match('HEAD', '/q/1')?.definition.name).toBe('x');
    expect(table.match('OPTIONS', '/q/1')).toBeUndefined();
  });
  test('a parameter is never empty', () =>
    expect(compileRoutes([context('a', ['x', 'GET', '/q/:id/t'])]).match('GET', '/q//t')).toBe(
      undefined,
    ));
  test('a route tells its segments and parameters by name', () =>
    expect(compileRoutes([context('a', ['x', 'GET', '/q/:id'])]).routes[0]).toMatchObject({
      context: 'a',
      segments: [
        { kind: 'static', text: 'q' },
        { kind: 'param', name: 'id' },
      ],
    }));

  describe('a prefix', () => {
    const table = compileRoutes([
      context(
        'catalog',
        ['all', 'GET', '/api/catalog/**'],
        ['list', 'GET', '/api/catalog'],
        ['one', 'GET', '/api/catalog/:id'],
        ['deep', 'GET', '/api/catalog/deep/**'],
      ),
      context('other', ['any', 'ANY', '/other/**'], ['put', 'PUT', '/other/:id']),
    ]);
    const name = (method: string, path: string) => table.match(method, path)?.definition.name;
    test('claims its path and all below it, and nothing beside it', () =>
      expect(
        [
          '/api/catalog/a/b',
          '/api/catalog/a/b/c/d/e/f',
          '/api/catalogue',
          '/api',
          '/other',
          '/other/',
        ].map((path) => name('GET', path)),
      ).toEqual(['all', 'all', undefined, undefined, 'any', 'any']));
    test('gives way to a whole path and to a longer prefix', () =>
      expect(
        ['/api/catalog', '/api/catalog/7', '/api/catalog/deep', '/api/catalog/deep/er'].map(
          (path) => name('GET', path),
        ),
      ).toEqual(['list', 'one', 'deep', 'deep']));
    test('of ANY claims every method that no narrower route names', () =>
      expect(
        ['PROPFIND', 'PURGE', 'QUERY', 'HEAD', 'PUT', 'POST'].map((method) =>
          name(method, '/other/7'),
        ),
      ).toEqual(['any', 'any', 'any', 'any', 'put', 'any']));
    test('of two contexts is refused when it is the same, and not when one lies within the other', () => {
      const both = (one: string, two: string) => () =>
        compileRoutes([context('a', ['x', 'GET', one]), context('b', ['y', 'GET', two])]);
      expect(both('/q/**', '/q/**')).toThrow(/claim the same/);
      expect(both('/:a/w/**', '/q/**')).toThrow(/claim the same/);
      expect(both('/q/**', '/q/w/**')).not.toThrow();
      expect(both('/q/**', '/q/:id')).not.toThrow();
    });
  });
  test('ANY and a method of the same path are no conflict, in any order', () => {
    const any: [string, 'ANY', string] = ['any', 'ANY', '/q'];
    const get: [string, HttpMethod, string] = ['get', 'GET', '/q'];
    for (const routes of [
      [any, get],
      [get, any],
    ])
      expect(
        ['GET', 'HEAD', 'LOCK'].map(
          (method) => compileRoutes([context('a', ...routes)]).match(method, '/q')?.definition.name,
        ),
      ).toEqual(['get', 'get', 'any']);
  });
});

describe('a request that may be another method than it says', () => {
  const table = compileRoutes([
    context('items', ['list', 'GET', '/items'], ['add', 'POST', '/items']),
    context('tags', ['all', 'GET', '/tags'], ['drop', 'DELETE', '/tags']),
  ]);
  test.each([
    ['POST', '/items', 'DELETE', 'add write', 'the method in the line writes'],
    ['GET', '/tags', 'DELETE', 'drop write', 'the other method writes'],
    ['GET', '/items', 'POST', 'add write', 'the other method writes too'],
    ['PATCH', '/items', 'GET', 'list write', 'only the other method is claimed'],
    ['GET', '/tags', 'PUT', 'all write', 'a read that may be a write is one'],
    ['PATCH', '/tags', 'PUT', undefined, 'neither is claimed'],
  ])('%s %s as %s is %s: %s', (method, path, override, claim, _why) => {
    const found = table.match(method, path, override);
    expect(found && `${found.definition.name} ${found.definition.kind}`).toBe(claim);
  });

  test('is the same object each time, so that two readings of a path can be told apart', () => {
    expect(table.match('GET', '/tags', 'PUT')).toBe(table.match('GET', '/tags/', 'PUT'));
    expect([...table.asWrites.keys()]).toEqual(table.routes);
  });
});
