import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createApp, openDatabase } from '../src/index.ts';
import { openShop, productId, type TestShop } from './shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop('openapi');
});
afterAll(() => shop.close());

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}
const routesOf = (stack: readonly Layer[]): string[] =>
  stack.flatMap(({ route, handle }) =>
    route
      ? Object.keys(route.methods).map(
          (method) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`,
        )
      : routesOf(handle.stack ?? []),
  );

test('the document knows every route of the shop and no other', async () => {
  const database = openDatabase(shop.database.url);
  const idle = { subscribe: () => () => {}, onClose: () => () => {}, close: async () => {} };
  const app = createApp({ ...database, live: idle });
  const routes = routesOf((app.router as unknown as { stack: Layer[] }).stack);
  await database.close();
  expect(shop.document.operations.toSorted()).toEqual(routes.toSorted());
  expect(routes.length).toBeGreaterThanOrEqual(40);
});

test('every operation answers as the document says', async () => {
  const id = productId(0);
  const [order] = await shop.rows(
    `SELECT id, (SELECT id FROM payments WHERE order_id = orders.id) AS payment FROM orders WHERE status = 'delivered' LIMIT 1`,
  );
  const csv = '/api/exports/orders.csv';
  const reads = [
    '/openapi.json',
    '/health',
    '/version',
    '/api/products',
    '/api/products?q=chair',
    `/api/products/${id}`,
    `/api/products/${id}/price-history`,
    `/api/products/${id}/images`,
    `/api/products/${id}/images/1`,
    '/api/categories',
    '/api/categories/7',
    '/api/me',
    '/api/me/addresses',
    '/api/users',
    '/api/warehouses',
    '/api/inventory?below=150',
    `/api/inventory/${id}`,
    '/api/cart',
    '/api/orders',
    `/api/orders/${order?.id}`,
    '/api/payment-methods',
    `/api/payments/${order?.payment}`,
    '/shipping/carriers',
    '/shipping/track/unknown',
    '/api/notifications',
    '/api/notification-preferences',
    '/api/reports/sales',
    csv,
    '/admin',
    '/admin/login',
    '/admin/orders',
    '/admin/orders/1',
    '/admin/products',
    '/admin/users',
    '/',
    '/assets/shop.css',
    '/assets/shop.js',
    `/products/${id}`,
    '/products/none',
    '/login',
    '/cart',
    '/orders',
    '/orders/1',
    '/orders/1/events',
  ];
  for (const path of reads) await shop.call('GET', path, { as: 1 });
  const movement = await shop.call('POST', `/api/inventory/${id}/receive`, {
    as: 1,
    body: { warehouse_id: 1, quantity: 10 },
  });
  expect(movement.status).toBe(201);
  const writes: [string, string, object?][] = [
    ['GET', `/api/inventory/${id}/movements`],
    ['POST', '/api/inventory/transfers', { product_id: id, from: 1, to: 2, quantity: 3 }],
    ['POST', '/api/inventory/transfers', { product_id: id, from: 1, to: 2, quantity: 99_999 }],
    ['PUT', '/api/notification-preferences/order_placed', { by_email: false, by_push: true }],
    ['POST', '/api/notifications/999999/read'],
    ['POST', '/api/products', {}],
    ['PATCH', `/api/products/${id}`, { name: 'Renamed' }],
    ['DELETE', `/api/products/${productId(30)}`],
    ['POST', `/api/products/${id}/adjust-price`, { delta: '1' }],
    ['POST', `/api/products/${id}/images`],
    ['DELETE', `/api/products/${id}/images/1`],
    ['PUT', `/api/products/${id}/categories/1`, {}],
    ['DELETE', `/api/products/${id}/categories/1`],
    ['POST', '/api/categories', { slug: 'x', name: 'X' }],
    ['PATCH', '/api/categories/7', { position: 2 }],
    ['POST', '/api/users', {}],
    ['POST', '/api/login', {}],
    ['PATCH', '/api/me', {}],
    ['POST', '/api/me/addresses', {}],
    ['DELETE', '/api/me/addresses/999'],
    ['PUT', `/api/cart/items/${id}`, { quantity: 1 }],
    ['POST', '/api/orders', {}],
    ['DELETE', `/api/cart/items/${id}`],
    ['POST', '/api/orders/1/cancel'],
    ['POST', '/api/orders/1/status', { status: 'paid' }],
    ['POST', '/api/orders/1/shipments', { carrier: 'swift', trackingNumber: 'x' }],
    ['POST', '/api/payment-methods', {}],
    ['DELETE', '/api/payment-methods/999'],
    ['POST', `/api/payments/${order?.payment}/refunds`, { amount: '0.01' }],
    ['POST', '/shipping/quotes', { weight_grams: 1, country: 'US' }],
    ['POST', '/admin/login'],
    ['POST', '/admin/logout'],
    ['POST', '/admin/orders/1/status'],
    ['POST', '/login'],
    ['POST', '/logout'],
    ['POST', '/cart'],
    ['POST', '/cart/remove'],
    ['POST', '/orders'],
    ['POST', '/api/logout'],
  ];
  for (const [method, path, body] of writes)
    await shop.call(method, path, {
      as: path === '/api/logout' ? 50 : 1,
      ...(body ? { body } : {}),
    });
  // The two event streams do not end; their test listens to them.
  const streams = ['GET /api/orders/feed', 'GET /api/orders/{id}/events'];
  expect(
    shop.document.operations.filter((operation) => !shop.document.exercised.has(operation)),
  ).toEqual(streams);
});

test('an answer that the document does not tell is noticed', () => {
  const wrong = (body: unknown) => () =>
    shop.document.check('GET', '/api/cart', 200, 'application/json', body);
  expect(wrong({ items: [], total: '0.00' })).not.toThrow();
  expect(wrong({ items: [], total: 0 })).toThrow('total');
  expect(wrong({ items: [], total: '0.00', more: 1 })).toThrow('additional');
  expect(() => shop.document.check('GET', '/api/cart', 418, null, '')).toThrow(
    'does not know this status',
  );
});
