import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openShop, productId, type TestShop } from './shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop('catalog');
});
afterAll(() => shop.close());

// fetch itself adds no-cache to a conditional request unless the caller says otherwise.
const ifNoneMatch = (etag: string) => ({ 'if-none-match': etag, 'cache-control': 'max-age=0' });
const newProduct = async (fields: object = {}) =>
  (
    await shop.call('POST', '/api/products', {
      as: 1,
      body: {
        sku: `T-${Math.random().toString(36).slice(2)}`,
        name: 'Quiet lamp',
        price: '10.00',
        ...fields,
      },
    })
  ).body;

test('pages of the list join without a gap or an overlap, whatever they are sorted by', async () => {
  for (const sort of ['name', '-price', 'created_at', 'sku']) {
    const ids: string[] = [];
    for (let page = 1; ; page++) {
      const { body } = await shop.call(
        'GET',
        `/api/products?sort=${sort}&per_page=17&page=${page}`,
      );
      ids.push(...body.items.map((item: { id: string }) => item.id));
      if (body.items.length < 17) {
        expect(ids).toHaveLength(body.total);
        break;
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  }
});

test('the list sorts prices as money and filters by price, tag, status and category with everything below it', async () => {
  const { body } = await shop.call(
    'GET',
    '/api/products?sort=price&per_page=100&min_price=20.00&max_price=450&tag=eco&category=kitchen&status=active',
  );
  expect(body.items.length).toBeGreaterThan(0);
  const prices = body.items.map((item: { price: string }) => Number(item.price));
  expect(prices).toEqual(prices.toSorted((a: number, b: number) => a - b));
  expect(Math.min(...prices)).toBeGreaterThanOrEqual(20);
  expect(Math.max(...prices)).toBeLessThanOrEqual(450);
  expect(
    body.items.every(
      (item: { tags: string[]; status: string }) =>
        item.tags.includes('eco') && item.status === 'active',
    ),
  ).toBe(true);
});

test('the search finds word forms and puts names before descriptions', async () => {
  const inText = await newProduct({
    name: 'Plain thing',
    description: 'Goes well with a zeppelin.',
  });
  const inName = await newProduct({ name: 'Zeppelin', description: 'No more words.' });
  const { body } = await shop.call('GET', '/api/products?q=zeppelins');
  expect(body.items.map((item: { id: string }) => item.id)).toEqual([inName.id, inText.id]);
  expect(
    (await shop.call('GET', `/api/products?q=${encodeURIComponent(`"' & | ! ( :*`)}`)).body.total,
  ).toBe(0);
});

test('a wrong list parameter is refused and named', async () => {
  for (const query of [
    'page=0',
    'page=x',
    'per_page=101',
    'sort=weight',
    'sort=relevance',
    'status=gone',
    'min_price=cheap',
    'q=%00',
    'tag=a&tag=b',
  ]) {
    const { status, body } = await shop.call('GET', `/api/products?${query}`);
    expect([query, status, body.error]).toEqual([
      query,
      400,
      `invalid parameter: ${query.split('=')[0]}`,
    ]);
  }
});

test('an id beyond 2^53 comes back digit by digit', async () => {
  const { body } = await shop.call('GET', `/api/products/${productId(1)}`);
  expect(body.id).toBe('9007199254741002');
  expect(Number.isSafeInteger(Number(body.id))).toBe(false);
});

test('a client that has the product gets 304, and 200 after a change', async () => {
  const { id } = await newProduct();
  const first = await shop.call('GET', `/api/products/${id}`);
  const etag = first.headers.get('etag') ?? '';
  expect(
    (await shop.call('GET', `/api/products/${id}`, { headers: ifNoneMatch(etag) })).status,
  ).toBe(304);
  await shop.call('POST', `/api/products/${id}/adjust-price`, { as: 1, body: { delta: '0.01' } });
  expect(
    (await shop.call('GET', `/api/products/${id}`, { headers: ifNoneMatch(etag) })).status,
  ).toBe(200);
});

test('an unknown, wrong, deleted or draft product is told apart only as far as the reader may know', async () => {
  const draft = await newProduct({ status: 'draft' });
  expect((await shop.call('GET', `/api/products/${draft.id}`)).status).toBe(404);
  expect((await shop.call('GET', `/api/products/${draft.id}`, { as: 2 })).status).toBe(200);
  expect((await shop.call('GET', '/api/products/9223372036854775807')).body).toEqual({
    error: 'product not found',
  });
  for (const id of ['abc', '0', '9223372036854775808', '-1', '1.5'])
    expect((await shop.call('GET', `/api/products/${id}`)).status).toBe(400);
  const gone = await newProduct();
  expect((await shop.call('DELETE', `/api/products/${gone.id}`, { as: 1 })).status).toBe(204);
  expect((await shop.call('DELETE', `/api/products/${gone.id}`, { as: 1 })).status).toBe(404);
  for (const path of ['', '/images', '/price-history'])
    expect((await shop.call('GET', `/api/products/${gone.id}${path}`)).status).toBe(404);
  expect(
    await shop.rows('SELECT deleted_at IS NOT NULL AS kept FROM products WHERE id = $1', [gone.id]),
  ).toEqual([{ kept: 't' }]);
});

test('writes need a token, and a wrong token is refused even where none is needed', async () => {
  expect((await shop.call('POST', '/api/products', { body: {} })).body).toEqual({
    error: 'unauthorized',
  });
  expect(
    (await shop.call('GET', '/api/products', { headers: { authorization: 'Bearer wrong' } }))
      .status,
  ).toBe(401);
});

test('a product keeps every field, NULL in a column with a default among them', async () => {
  const fields = {
    description: 'Ä "quoted" \\ text\n',
    currency: null,
    attributes: { b: [1, null, { c: 'x' }] },
    tags: ['a,b', '{"x"}', 'NULL'],
    weight: '1.500',
    external_ref: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
    releasedOn: '2024-02-29',
  };
  const created = await newProduct({ ...fields, categoryIds: ['2', '9'] });
  expect(created).toMatchObject({
    ...fields,
    status: 'active',
    price: '10.00',
    categories: [{ id: '2' }, { id: '9' }],
  });
  const { body } = await shop.call('PATCH', `/api/products/${created.id}`, {
    as: 1,
    body: { name: 'Other', weight: null, releasedOn: null, price: '3.5' },
  });
  expect(body).toMatchObject({
    ...fields,
    name: 'Other',
    weight: null,
    releasedOn: null,
    price: '3.50',
  });
  expect(body.updatedAt > created.updatedAt).toBe(true);
});

test('wrong fields are all named at once', async () => {
  const { status, body } = await shop.call('POST', '/api/products', {
    as: 1,
    body: {
      sku: '',
      price: 12.5,
      tags: 'x',
      releasedOn: '2024-02-30',
      attributes: [],
      currency: 'eur',
    },
  });
  expect(status).toBe(422);
  expect(body.errors.map((problem: { field: string }) => problem.field)).toEqual([
    'name',
    'sku',
    'price',
    'currency',
    'attributes',
    'tags',
    'releasedOn',
  ]);
  expect(
    (await shop.call('PATCH', `/api/products/${productId(0)}`, { as: 1, body: {} })).status,
  ).toBe(422);
  expect(
    (
      await shop.call('POST', '/api/products', {
        as: 1,
        body: { sku: 'SKU-000001', name: 'x', price: '1' },
      })
    ).body,
  ).toEqual({ error: 'conflict', field: 'sku' });
  expect(
    (
      await shop.call('POST', '/api/products', {
        as: 1,
        body: { sku: 'N', name: 'x', price: '1', categoryIds: ['99999'] },
      })
    ).status,
  ).toBe(422);
});

test('a hundred adjustments at once add up to the cent, and each has its line in the history', async () => {
  const { id } = await newProduct({ price: '0.10' });
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      shop.call('POST', `/api/products/${id}/adjust-price`, {
        as: 1 + (index % 50),
        body: { delta: '0.01' },
      }),
    ),
  );
  expect((await shop.call('GET', `/api/products/${id}`)).body.price).toBe('1.10');
  const { body } = await shop.call('GET', `/api/products/${id}/price-history`);
  expect(body.entries.map((entry: { revision: number }) => entry.revision)).toEqual(
    Array.from({ length: 101 }, (_, index) => index + 1),
  );
  expect(body.entries[100]).toMatchObject({ oldPrice: '1.09', newPrice: '1.10' });
});

test('an adjustment that would leave the range of money changes nothing', async () => {
  const { id } = await newProduct({ price: '5.00' });
  for (const delta of ['-5.01', '9999999999.99', 1, '1e3', '', null])
    expect(
      (await shop.call('POST', `/api/products/${id}/adjust-price`, { as: 1, body: { delta } }))
        .status,
    ).toBe(422);
  expect((await shop.call('GET', `/api/products/${id}`)).body.price).toBe('5.00');
});

test('an uploaded picture comes back byte by byte, once per client', async () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
  const form = new FormData();
  form.set('image', new File([bytes], '../böse "name".png', { type: 'image/png' }));
  form.set('alt_text', 'A lamp');
  const { status, body } = await shop.call('POST', `/api/products/${productId(0)}/images`, {
    as: 1,
    form,
  });
  expect([status, body.size, body.alt_text]).toEqual([201, 70_000, 'A lamp']);
  const response = await fetch(shop.server.url + body.url);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  expect(response.headers.get('etag')).toBe(`"${body.sha256}"`);
  expect(
    (await shop.call('GET', body.url, { headers: ifNoneMatch(`"${body.sha256}"`) })).status,
  ).toBe(304);
  expect((await shop.call('DELETE', body.url, { as: 1 })).status).toBe(204);
  expect((await shop.call('GET', body.url)).status).toBe(404);
});

test('what is no picture, too large or not there is refused', async () => {
  const upload = (file?: File) => {
    const form = new FormData();
    if (file) form.set('image', file);
    return shop.call('POST', `/api/products/${productId(0)}/images`, { as: 1, form });
  };
  expect((await upload(new File(['x'], 'x.html', { type: 'text/html' }))).status).toBe(415);
  expect(
    (await upload(new File([new Uint8Array(2_200_000)], 'x.png', { type: 'image/png' }))).status,
  ).toBe(413);
  expect((await upload()).status).toBe(400);
});

test('categories form a tree in which nothing can be below itself', async () => {
  const top = (
    await shop.call('POST', '/api/categories', { as: 1, body: { slug: 'top', name: 'Top' } })
  ).body;
  const below = (
    await shop.call('POST', '/api/categories', {
      as: 1,
      body: { slug: 'below', name: 'Below', parentId: top.id },
    })
  ).body;
  expect(below.path.map((step: { slug: string }) => step.slug)).toEqual(['top', 'below']);
  expect(
    (await shop.call('PATCH', `/api/categories/${top.id}`, { as: 1, body: { parentId: below.id } }))
      .status,
  ).toBe(409);
  expect(
    (
      await shop.call('PATCH', `/api/categories/${below.id}`, {
        as: 1,
        body: { parentId: null, name: 'Up' },
      })
    ).body,
  ).toMatchObject({ parentId: null, name: 'Up' });
  expect(
    (await shop.call('POST', '/api/categories', { as: 1, body: { slug: 'top', name: 'x' } })).body,
  ).toEqual({ error: 'conflict', field: 'slug' });
  expect(
    (await shop.call('GET', '/api/categories')).body.map((node: { slug: string }) => node.slug),
  ).toEqual(expect.arrayContaining(['kitchen', 'top', 'below']));
});

test('a product goes into a category once and out again', async () => {
  const path = `/api/products/${productId(0)}/categories/5`;
  for (const position of [3, 4])
    expect((await shop.call('PUT', path, { as: 1, body: { position } })).body.position).toBe(
      position,
    );
  expect((await shop.call('DELETE', path, { as: 1 })).status).toBe(204);
  expect((await shop.call('DELETE', path, { as: 1 })).status).toBe(404);
  expect(
    (await shop.call('PUT', `/api/products/${productId(0)}/categories/9999`, { as: 1 })).status,
  ).toBe(404);
});

test('provider states make what a contract asks for', async () => {
  const { body } = await shop.call('POST', '/_test/states', {
    body: { state: 'a product exists', params: { sku: 'PACT-1' } },
  });
  expect((await shop.call('GET', `/api/products/${body.id}`)).body.sku).toBe('PACT-1');
  expect(
    (
      await shop.call('POST', '/_test/states', {
        body: { state: 'a product exists', params: { sku: 'PACT-1' } },
      })
    ).body,
  ).toEqual(body);
  const { body: none } = await shop.call('POST', '/_test/states', {
    body: { state: 'no product with id', params: { id: body.id } },
  });
  expect((await shop.call('GET', `/api/products/${none.id}`)).status).toBe(404);
  expect(
    (await shop.call('POST', '/_test/states', { body: { state: 'the moon is full' } })).status,
  ).toBe(400);
});
