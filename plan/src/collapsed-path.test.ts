import { describe, expect, test } from '@jest/globals';
import { collapsedAs, collapsedPath } from './collapsed-path.ts';

describe('a path without its identifiers', () => {
  test.each([
    ['/orders/7', '/orders/:id'],
    ['/orders/2026-11-29/lines/12/', '/orders/:id/lines/:id/'],
    ['/users/ann@example.com/cart', '/users/:id/cart'],
    ['/users/ann%40example.com', '/users/:id'],
    ['/o/7f3d2c1a-0b1c-4d2e-8f3a-1b2c3d4e5f60', '/o/:id'],
    ['/o/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/o/:id'],
    ['/o/deadbee5', '/o/:id'],
    ['/o/order-123456', '/o/:id'],
    ['/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '/reset/:id'],
    [`/x/${'a'.repeat(65)}/y`, '/x/:id/y'],
    ['/cart;jsessionid=secret/7', '/cart;…/:id'],
    ['/7;a=b', '/:id;…'],
  ])('%s is %s', (path, expected) => {
    expect(collapsedPath(path)).toBe(expected);
  });

  test.each([
    '/',
    '*',
    '/api/v1/products',
    '/oauth2/token',
    '/docs/getting-started-with-v2-api',
    '/getRecommendationsForCustomer',
    '/shop/ergonomic-chair-2024/price',
    `/x/${'a'.repeat(64)}`,
    '/beefcafe',
  ])('%s has none', (path) => {
    expect(collapsedPath(path)).toBe(path);
  });

  test('is short, and takes no time to find, however long a client made it', () => {
    expect(collapsedPath('/word'.repeat(1_000))).toHaveLength(301);
    const long = collapsedPath(`/${'a_'.repeat(30_000)}1/${'/a'.repeat(30_000)}`);
    expect(long.slice(0, 6)).toBe('/:id//');
    expect(long).toHaveLength(301);
  });
});

describe('a path that a route claims', () => {
  test.each([
    ['/items/:name', '/items/ann', '/items/:name'],
    ['/items', '/items/', '/items'],
    ['/users/:name/**', '/users/ann/orders/7', '/users/:name/orders/:id'],
    ['/users/:name/**', '/users/ann', '/users/:name'],
    ['/**', '/a/7', '/a/:id'],
  ])('of %s: %s is %s', (template, path, expected) => {
    expect(collapsedAs(template, path)).toBe(expected);
  });
});
