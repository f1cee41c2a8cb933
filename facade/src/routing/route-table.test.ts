import { describe, expect, test } from '@jest/globals';
import type { HttpMethod, MigrationDefinition } from '@strangler-toolkit/plan';
import { compileRoutes } from './route-table.ts';

const context = (name: string, ...routes: [string, HttpMethod, string][]): MigrationDefinition => ({
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
});
