import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { openShop, productId, type TestShop } from './shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop('orders');
});
afterAll(() => shop.close());

const stockOf = async (id: string): Promise<number> =>
  (await shop.call('GET', `/api/inventory/${id}`)).body.available;
const order = (as: number, body: object) => shop.call('POST', '/api/orders', { as, body });
const totals = () =>
  shop.rows(
    'SELECT (SELECT count(*) FROM orders) AS orders, (SELECT sum(on_hand) FROM stock_levels) AS stock, (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM stock_movements) AS movements',
  );
const item = productId(0);

test('an order takes stock, authorises its payment and tells the customer', async () => {
  const before = await stockOf(item);
  const { status, body } = await order(3, {
    items: [{ product_id: item, quantity: 2 }],
    note: 'ring twice',
  });
  expect(status).toBe(201);
  expect(await stockOf(item)).toBe(before - 2);
  expect(body.payments).toEqual([
    { id: expect.any(String), state: 'authorized', amount: body.total },
  ]);
  expect(
    (await shop.call('GET', `/api/payments/${body.payments[0].id}`, { as: 3 })).body.orderId,
  ).toBe(body.id);
  expect(
    (await shop.call('GET', '/api/notifications', { as: 3 })).body.notifications[0],
  ).toMatchObject({ order_id: body.id, kind: 'order_placed' });
});

test('an order whose payment is declined leaves no trace in any module', async () => {
  const { body: method } = await shop.call('POST', '/api/payment-methods', {
    as: 4,
    body: { kind: 'card', label: 'Bad card', token: 'tok_declined' },
  });
  const before = await totals();
  const { status, body } = await order(4, {
    items: [{ product_id: item }],
    paymentMethodId: method.id,
  });
  expect([status, body.error.type]).toEqual([402, 'card_declined']);
  expect(await totals()).toEqual(before);
  expect((await shop.call('DELETE', `/api/payment-methods/${method.id}`, { as: 4 })).status).toBe(
    204,
  );
});

test('an order with one line out of stock takes nothing of the other line', async () => {
  const before = await totals();
  const { status, body } = await order(4, {
    items: [{ product_id: item }, { product_id: productId(5), quantity: 100_000 }],
  });
  expect([status, body.code]).toEqual([409, 'OUT_OF_STOCK']);
  expect(await totals()).toEqual(before);
});

test('customers who order the last piece at once do not sell it twice', async () => {
  const scarce = (
    await shop.call('POST', '/api/products', {
      as: 1,
      body: { sku: 'SCARCE', name: 'Last pieces', price: '3.33' },
    })
  ).body.id;
  await shop.call('POST', `/api/inventory/${scarce}/receive`, {
    as: 1,
    body: { warehouse_id: 1, quantity: 5 },
  });
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      order(10 + index, { items: [{ product_id: scarce }] }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    ...Array(5).fill(201),
    ...Array(7).fill(409),
  ]);
  expect(await stockOf(scarce)).toBe(0);
});

test('orders of the same things in another order do not wait for each other for ever', async () => {
  const [a, b] = [productId(10), productId(15)];
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      order(20 + index, {
        items: [{ product_id: index % 2 ? a : b }, { product_id: index % 2 ? b : a }],
      }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
});

test('the sum of an order is exact, and the fee is what the quote says', async () => {
  await shop
    .call('POST', '/api/products', {
      as: 1,
      body: { sku: 'CENTS', name: 'Cents', price: '0.07', weight: '0.1' },
    })
    .then(({ body }) =>
      shop.call('POST', `/api/inventory/${body.id}/receive`, {
        as: 1,
        body: { warehouse_id: 2, quantity: 500 },
      }),
    );
  const {
    body: {
      items: [{ id }],
    },
  } = await shop.call('GET', '/api/products?q=Cents');
  const { body: placed } = await order(5, { items: [{ product_id: id, quantity: 301 }] });
  expect(placed.subtotal).toBe('21.07');
  const { body: quoted } = await shop.call('POST', '/shipping/quotes', {
    body: { weight_grams: 30_100, country: 'DE', subtotal: '21.07' },
  });
  expect(placed.shippingFee).toBe(quoted.amount);
});

test('the cart becomes an order and is empty then', async () => {
  expect(
    (await shop.call('PUT', `/api/cart/items/${item}`, { as: 6, body: { quantity: 3 } })).body
      .items,
  ).toHaveLength(1);
  await shop.call('PUT', `/api/cart/items/${productId(15)}`, { as: 6, body: { quantity: 1 } });
  expect(
    (await shop.call('DELETE', `/api/cart/items/${productId(15)}`, { as: 6 })).body.items,
  ).toHaveLength(1);
  expect((await order(6, {})).body.items).toEqual([
    expect.objectContaining({ product_id: item, quantity: 3 }),
  ]);
  expect((await shop.call('GET', '/api/cart', { as: 6 })).body).toEqual({
    items: [],
    total: '0.00',
  });
  expect((await order(6, {})).body.code).toBe('EMPTY_CART');
});

test('an order walks its way, no other, and cancelling gives back stock and money', async () => {
  const before = await stockOf(item);
  const { body } = await order(7, { items: [{ product_id: item, quantity: 4 }] });
  expect(
    (
      await shop.call('POST', `/api/orders/${body.id}/status`, {
        as: 1,
        body: { status: 'delivered' },
      })
    ).body.code,
  ).toBe('WRONG_STATUS');
  expect(
    (await shop.call('POST', `/api/orders/${body.id}/status`, { as: 1, body: { status: 'paid' } }))
      .body.payments[0].state,
  ).toBe('captured');
  const cancelled = (await shop.call('POST', `/api/orders/${body.id}/cancel`, { as: 7 })).body;
  expect([cancelled.status, cancelled.payments[0].state]).toEqual(['cancelled', 'refunded']);
  expect(await stockOf(item)).toBe(before);
  expect(
    (await shop.call('POST', `/api/payments/${body.payments[0].id}/refunds`, { as: 1, body: {} }))
      .status,
  ).toBe(409);
});

test('partial refunds stop at the amount of the payment', async () => {
  const { body } = await order(8, { items: [{ product_id: item }] });
  const refund = (amount: string) =>
    shop.call('POST', `/api/payments/${body.payments[0].id}/refunds`, {
      as: 1,
      body: { amount, reason: 'scratched' },
    });
  expect((await refund('1.00')).body).toMatchObject({ refund_no: 1, amount: '1.00' });
  expect((await refund(body.total)).status).toBe(409);
});

test('a shipped order can be tracked', async () => {
  const { body } = await order(9, { items: [{ product_id: item }] });
  for (const status of ['paid', 'packed'])
    await shop.call('POST', `/api/orders/${body.id}/status`, { as: 1, body: { status } });
  expect(
    (
      await shop.call('POST', `/api/orders/${body.id}/shipments`, {
        as: 1,
        body: { carrier: 'swift', trackingNumber: 'T1' },
      })
    ).status,
  ).toBe(201);
  expect((await shop.call('GET', '/shipping/track/T1')).body).toMatchObject({
    carrier: 'Swift Parcel',
    status: 'shipped',
  });
});

test('order lists page by cursor', async () => {
  for (let index = 0; index < 3; index++) await order(40, { items: [{ product_id: item }] });
  const first = (await shop.call('GET', '/api/orders?limit=2', { as: 40 })).body;
  const second = (
    await shop.call('GET', `/api/orders?limit=100&before=${first.nextBefore}`, { as: 40 })
  ).body;
  expect(
    second.orders.every((row: { id: string }) => BigInt(row.id) < BigInt(first.nextBefore)),
  ).toBe(true);
  expect(second.nextBefore).toBeNull();
});

test('the event stream tells the past, then the present, and resumes without a gap', async () => {
  const { body } = await order(41, { items: [{ product_id: item }] });
  const listen = async (headers: Record<string, string>, wanted: number) => {
    const stop = new AbortController();
    const response = await fetch(`${shop.server.url}/api/orders/${body.id}/events`, {
      headers: { authorization: 'Bearer demo-token-41', ...headers },
      signal: stop.signal,
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if ([...text.matchAll(/^data: /gm)].length >= wanted && text.endsWith('\n\n')) break;
    }
    stop.abort();
    return {
      statuses: [...text.matchAll(/"status":"(\w+)"/g)].map((match) => match[1]),
      lastId: [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? '',
    };
  };
  const live = listen({}, 2);
  await shop.call('POST', `/api/orders/${body.id}/status`, { as: 1, body: { status: 'paid' } });
  const heard = await live;
  expect(heard.statuses).toEqual(['placed', 'paid']);
  await shop.call('POST', `/api/orders/${body.id}/status`, { as: 1, body: { status: 'packed' } });
  expect((await listen({ 'last-event-id': heard.lastId }, 1)).statuses).toEqual(['packed']);
});

test('the socket greets, pushes what happens to this user only, and takes receipts', async () => {
  const socket = new WebSocket(`${shop.server.url.replace('http', 'ws')}/ws/notifications`, {
    headers: { authorization: 'Bearer demo-token-42' },
  });
  const messages: {
    type: string;
    id?: string;
    ok?: boolean;
    notification?: { id: string; kind: string };
  }[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data) => {
    messages.push(JSON.parse((data as Buffer).toString()));
    waiting.splice(0).forEach((wake) => wake());
  });
  const message = async (index: number) => {
    while (messages.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
    return messages[index];
  };
  expect(await message(0)).toMatchObject({ type: 'hello' });
  await order(43, { items: [{ product_id: item }] });
  await order(42, { items: [{ product_id: item }] });
  const pushed = await message(1);
  expect(pushed).toMatchObject({ type: 'notification', notification: { kind: 'order_placed' } });
  socket.send(JSON.stringify({ type: 'read', id: pushed?.notification?.id }));
  expect(await message(2)).toEqual({ type: 'read', id: pushed?.notification?.id, ok: true });
  socket.send('no json');
  expect(await message(3)).toMatchObject({ type: 'error' });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close();
  await closed;
});

test('a socket without a token is refused before it opens', async () => {
  const socket = new WebSocket(
    `${shop.server.url.replace('http', 'ws')}/ws/notifications?token=wrong`,
  );
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(error.message).toContain('401');
});

test('the sales report joins its modules and agrees with the orders', async () => {
  const { body } = await shop.call('GET', '/api/reports/sales?from=2024-01-01&to=2030-01-01', {
    as: 1,
  });
  expect(body.rows.length).toBe(6);
  expect(Number(body.rows[0].revenue)).toBeGreaterThan(0);
  expect(
    body.rows.every(
      (row: { revenue: string; paidRevenue: string }) =>
        Number(row.paidRevenue) <= Number(row.revenue),
    ),
  ).toBe(true);
});

test('the export streams every order as CSV', async () => {
  const { body, headers } = await shop.call('GET', '/api/exports/orders.csv?to=2025-01-01', {
    as: 1,
  });
  const lines = body.trim().split('\n');
  expect(headers.get('transfer-encoding')).toBe('chunked');
  expect(lines[0]).toBe(
    'id,order_number,email,status,currency,subtotal,shipping_fee,total,placed_at',
  );
  const [row] = await shop.rows(
    `SELECT count(*) AS count FROM orders WHERE placed_at < '2025-01-01'`,
  );
  expect(lines.length - 1).toBe(Number(row?.count));
});
