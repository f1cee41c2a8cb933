import { expect, test } from '@jest/globals';
import { nearContexts } from './discover-routes.ts';

const definition = (context: string, ...paths: string[]) => ({
  context,
  routes: paths.map((path) => ({
    name: path,
    method: 'GET' as const,
    path,
    kind: 'read' as const,
  })),
});

test('a route that begins with a parameter is beside nothing: it would be beside everything', () => {
  const tenants = definition('tenants', '/:tenant/settings');
  const orders = definition('orders', '/:tenant/orders', '/orders/:id');
  expect(nearContexts([tenants, orders], '/orders/:id/lines')).toEqual(['orders']);
  expect(nearContexts([tenants, orders], '/about')).toEqual([]);
});
