import { describe, expect, test } from '@jest/globals';
import { kindOf, nearContexts } from './discover-routes.ts';

const context = (name: string, ...paths: string[]) => ({
  context: name,
  routes: paths.map((path) => ({ name: 'r', method: 'GET' as const, path, kind: 'read' as const })),
});

describe('a forgotten route', () => {
  const definitions = [
    context('catalog', '/api/products/:id', '/api/categories'),
    context('users', '/api/users/:id/**'),
    context('all', '/**', '/:tenant/x'),
  ];
  test.each([
    ['/api/products', ['catalog']],
    ['/api/products/:id/reviews', ['catalog']],
    ['/api/categories/:id', ['catalog']],
    ['/api/users/:id', ['users']],
    ['/api/productsold', []],
    ['/api', []],
    ['/x', []],
  ])('%s is near %j', (path, near) => {
    expect(nearContexts(definitions, path)).toEqual(near);
  });

  test.each([
    ['GET', 'read'],
    ['HEAD', 'read'],
    ['QUERY', 'read'],
    ['POST', 'write'],
    ['PURGE', 'write'],
    ['DELETE', 'write'],
  ])('%s is a %s', (method, kind) => {
    expect(kindOf(method)).toBe(kind);
  });
});
