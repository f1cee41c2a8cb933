import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openShop, productId, type TestShop } from './shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop('backoffice');
});
afterAll(() => shop.close());

const form = (fields: Record<string, string>) => new URLSearchParams(fields);
const logIn = async (email: string, password = 'correct horse') => {
  const answer = await shop.call('POST', '/admin/login', { form: form({ email, password }) });
  return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
};
const csrfOf = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';

test('pages are for the staff with a session, others are led to the login', async () => {
  const guest = await shop.call('GET', '/admin/orders');
  expect([guest.status, guest.headers.get('location')]).toEqual([303, '/admin/login']);
  expect((await logIn('demo1@shop.example', 'wrong')).status).toBe(401);
  expect((await logIn('user60@mail.example')).status).toBe(401);
  const { cookie } = await logIn('DEMO2@shop.example');
  for (const path of [
    '/admin',
    '/admin/orders',
    '/admin/products?page=2',
    '/admin/users',
    '/admin/orders/10001',
  ]) {
    const { status, body, headers } = await shop.call('GET', path, { headers: { cookie } });
    expect([path, status, headers.get('content-type')]).toEqual([
      path,
      200,
      'text/html; charset=utf-8',
    ]);
    expect(body).toContain('<!doctype html>');
  }
});

test('a form works once it carries the token of its session, and not without', async () => {
  const { cookie } = await logIn('demo1@shop.example');
  const { body: order } = await shop.call('POST', '/api/orders', {
    as: 2,
    body: { items: [{ product_id: productId(0) }] },
  });
  const path = `/admin/orders/${order.id}/status`;
  expect(
    (await shop.call('POST', path, { headers: { cookie }, form: form({ status: 'paid' }) })).status,
  ).toBe(403);
  const csrf = csrfOf(
    (await shop.call('GET', `/admin/orders/${order.id}`, { headers: { cookie } })).body,
  );
  expect(
    (await shop.call('POST', path, { headers: { cookie }, form: form({ csrf, status: 'paid' }) }))
      .status,
  ).toBe(303);
  expect(
    (await shop.call('POST', path, { headers: { cookie }, form: form({ csrf, status: 'placed' }) }))
      .status,
  ).toBe(409);
  expect((await shop.call('GET', `/api/orders/${order.id}`, { as: 1 })).body.status).toBe('paid');
  expect(
    await shop.rows(
      `SELECT details->>'status' AS status FROM audit_log WHERE action = 'order.status' AND subject = $1`,
      [order.id],
    ),
  ).toEqual([{ status: 'paid' }]);
});

test('what customers typed is shown, never run', async () => {
  await shop.call('POST', '/api/users', {
    body: {
      email: 'evil@mail.example',
      password: 'long enough',
      fullName: '<script>alert("x")</script>',
    },
  });
  const { cookie } = await logIn('demo1@shop.example');
  const pages = await Promise.all(
    [1, 2, 3].map((page) => shop.call('GET', `/admin/users?page=${page}`, { headers: { cookie } })),
  );
  const text = pages.map(({ body }) => body).join('');
  expect(text).toContain('&lt;script&gt;alert(&quot;x&quot;)');
  expect(text).not.toContain('<script>');
});

test('after the logout the session is gone', async () => {
  const { cookie } = await logIn('demo3@shop.example');
  const csrf = csrfOf((await shop.call('GET', '/admin', { headers: { cookie } })).body);
  expect(
    (await shop.call('POST', '/admin/logout', { headers: { cookie }, form: form({ csrf }) }))
      .status,
  ).toBe(303);
  expect((await shop.call('GET', '/admin', { headers: { cookie } })).status).toBe(303);
});

test('who signs up logs in, has a profile and addresses, and logs out', async () => {
  const account = { email: 'new@mail.example', password: 'long enough', fullName: 'New One' };
  expect((await shop.call('POST', '/api/users', { body: account })).status).toBe(201);
  expect((await shop.call('POST', '/api/users', { body: account })).status).toBe(409);
  const { body: login } = await shop.call('POST', '/api/login', {
    body: { email: account.email, password: account.password },
  });
  const headers = { authorization: `Bearer ${login.access_token}` };
  expect(
    (
      await shop.call('PATCH', '/api/me', {
        headers,
        body: { locale: null, preferences: { newsletter: true } },
      })
    ).body,
  ).toMatchObject({ role: 'customer', locale: null });
  const { body: address } = await shop.call('POST', '/api/me/addresses', {
    headers,
    body: { recipient: 'N', street: 'S 1', postal_code: '1', city: 'C', country: 'FR' },
  });
  expect((await shop.call('GET', '/api/me/addresses', { headers })).body).toEqual([address]);
  expect((await shop.call('DELETE', `/api/me/addresses/${address.id}`, { headers })).status).toBe(
    204,
  );
  expect((await shop.call('GET', '/api/users', { headers })).status).toBe(403);
  await shop.call('POST', '/api/logout', { headers });
  expect((await shop.call('GET', '/api/me', { headers })).status).toBe(401);
});
