import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openShop, productId, type TestShop } from './shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop('storefront');
});
afterAll(() => shop.close());

const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);
const csrfOf = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';

async function logIn(email: string, next = '/'): Promise<{ cookie: string; location: string }> {
  const answer = await shop.call('POST', '/login', {
    form: form({ email, password: 'correct horse', next }),
  });
  expect(answer.status).toBe(303);
  const [cookie = ''] = answer.headers.getSetCookie()[0]?.split(';') ?? [];
  return { cookie, location: answer.headers.get('location') ?? '' };
}
const get = (path: string, cookie: string) => shop.call('GET', path, { headers: { cookie } });

test('who is not known sees the shop, and is asked for a name where something is theirs', async () => {
  expect((await shop.call('GET', '/')).body).toContain('<ul id="products"');
  for (const path of ['/cart', '/orders', '/orders/10001']) {
    const { status, headers } = await shop.call('GET', path);
    expect([status, headers.get('location')]).toEqual([
      303,
      `/login?next=${encodeURIComponent(path)}`,
    ]);
  }
});

test('a login leads on within the shop and nowhere else', async () => {
  const customer = 'user51@mail.example';
  expect((await logIn(customer, '/products/1')).location).toBe('/products/1');
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', ''])
    expect((await logIn(customer, next)).location).toBe('/');
});

test('the cart of a customer becomes an order that only they see', async () => {
  const { cookie } = await logIn('user52@mail.example');
  const csrf = csrfOf((await get('/', cookie)).body);
  const post = (path: string, fields: Record<string, string>) =>
    shop.call('POST', path, { headers: { cookie }, form: form(fields) });
  const item = { product_id: productId(0), quantity: '2' };
  expect((await post('/cart', item)).status).toBe(403);
  expect((await post('/cart', { ...item, csrf, quantity: '0' })).status).toBe(400);
  expect((await post('/cart', { ...item, csrf })).status).toBe(303);
  await post('/cart', { csrf, product_id: productId(2), quantity: '1' });
  const cart = (await get('/cart', cookie)).body;
  expect(cart).toContain('Cart (3)');
  expect(cart).toMatch(/\d EUR and \d+\.\d\d USD/);
  // two currencies: refused in words, and nothing is lost
  const refused = await post('/orders', { csrf });
  expect([refused.status, refused.body.includes('one order can have one currency')]).toEqual([
    422,
    true,
  ]);
  await post('/cart/remove', { csrf, product_id: productId(2) });
  const order = (await post('/orders', { csrf })).headers.get('location') ?? '';
  expect(order).toMatch(/^\/orders\/\d+$/);
  expect((await get(order, cookie)).body).toContain('Status: <b>placed</b>');
  expect((await get('/orders', cookie)).body).toContain(order);
  const other = await logIn('user53@mail.example');
  expect((await get(order, other.cookie)).status).toBe(404);
  expect((await get(`${order}/events`, other.cookie)).status).toBe(404);
  expect((await post('/logout', { csrf })).status).toBe(303);
  expect((await get(order, cookie)).status).toBe(303);
});

test("a customer's session opens no door of the back office", async () => {
  const { cookie } = await logIn('user54@mail.example');
  const asStaff = `shop_session=${cookie.split('=')[1]}`;
  for (const one of [cookie, asStaff]) expect((await get('/admin', one)).status).toBe(303);
});

test('what stands in the address of a login is shown, never run', async () => {
  const { body } = await shop.call('GET', '/login?next="><script>alert(1)</script>');
  expect(body).not.toContain('<script>alert');
});
