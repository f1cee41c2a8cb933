import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '@strangler-toolkit/dev-stack';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '../src/index.ts';
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

test('what the catalog says is in the page as it comes, and is shown, never run', async () => {
  const [id, name] = [productId(0), `<script>alert("1")</script> & 'more'`];
  await shop.rows('UPDATE products SET name = $1, description = $1 WHERE id = $2', [name, id]);
  const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;';
  for (const path of ['/', `/products/${id}`]) {
    const { status, body } = await shop.call('GET', path);
    expect([status, body.includes(escaped), body.includes('<script>alert')]).toEqual([
      200,
      true,
      false,
    ]);
    expect(body).toMatch(/<img\s+src="\/api\/products\/\d+\/images\/\d+"/);
  }
  const search = await shop.call('GET', '/?q=%22%3E%3Cscript%3Ealert(2)');
  expect(search.body).toContain('&lt;script&gt;alert(2)');
  expect(search.body).not.toContain('<script>alert');
  expect((await shop.call('GET', `/products/${productId(4_000)}`)).status).toBe(404);
  expect((await shop.call('GET', '/?page=none')).status).toBe(400);
});

/** Another server on the same shop, whose visitors come to `shopUrls`. */
async function servedFor(
  shopUrls: readonly string[],
  look: (url: string) => Promise<void>,
): Promise<void> {
  const server = await startServer({
    databaseUrl: shop.database.url,
    pages: { shopUrls, waitMs: 1_000 },
  });
  try {
    await look(server.url);
  } finally {
    await server.close();
  }
}

test('a catalog that does not answer gives a page that says so, in time; what is not of the catalog goes on', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const cases: [string, number][] = [
    [`http://127.0.0.1:${await freePort()}`, 502],
    [`http://127.0.0.1:${port}`, 504],
  ];
  for (const [address, status] of cases)
    await servedFor([address], async (url) => {
      for (const path of ['/', `/products/${productId(0)}`]) {
        const answer = await fetch(url + path);
        expect([address, answer.status]).toEqual([address, status]);
        expect(await answer.text()).toContain('The catalog does not answer right now.');
      }
      expect((await fetch(`${url}/login`)).status).toBe(200);
    });
  // the next address of the shop answers for one that is gone
  await servedFor([cases[0]![0], shop.server.url], async (url) => {
    expect((await fetch(url)).status).toBe(200);
  });
  mute.closeAllConnections();
  mute.close();
});

test('the shop asks as its visitor, at its own addresses only, whatever host is forged', async () => {
  const asked: { to: string; headers: IncomingHttpHeaders }[] = [];
  const listener = (name: string) =>
    createServer(({ headers, url = '' }, response) => {
      asked.push({ to: name + url.split('?')[0], headers });
      response.writeHead(503).end();
    }).listen(0, '127.0.0.1');
  const [facade, trap] = [listener('shop'), listener('trap')];
  await Promise.all([facade, trap].map((server) => once(server, 'listening')));
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  await servedFor([`http://127.0.0.1:${portOf(facade)}`], async (url) => {
    const send = async (headers: Record<string, string>) => {
      asked.length = 0;
      expect((await fetch(url, { headers })).status).toBe(503);
      return asked;
    };
    const evil = `127.0.0.1:${portOf(trap)}`;
    const tos = (await send({ 'x-forwarded-host': evil })).map(({ to }) => to).toSorted();
    expect(tos).toEqual(['shop/api/categories', 'shop/api/products']);
    const marks = async (headers: Record<string, string>) =>
      new Set((await send(headers)).map(({ headers: got }) => got['x-client-id']));
    expect(await marks({ 'x-client-id': 'mine' })).toEqual(new Set(['mine']));
    const [one, other] = [
      await marks({ 'x-forwarded-for': '10.0.0.1' }),
      await marks({ 'x-forwarded-for': '10.0.0.2' }),
    ];
    expect([one.size, other.size, new Set([...one, ...other]).size]).toEqual([1, 1, 2]);
    const who = { cookie: 'sid=abc', authorization: 'Bearer demo-token-1' };
    for (const { headers } of await send(who)) {
      expect(headers).toMatchObject(who);
      expect(headers['x-client-id']).toBeUndefined();
    }
  });
  for (const server of [facade, trap]) server.closeAllConnections();
  facade.close();
  trap.close();
});
