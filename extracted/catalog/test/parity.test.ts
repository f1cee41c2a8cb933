import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { startTwoSides, type Question, type TwoSides } from './two-sides.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(async () => {
  await sides?.close();
});

const token = 'demo-token-7';
const id = (index: number): string => String(9_007_199_254_741_001n + BigInt(index));

const same = async (question: Question): Promise<string> => {
  const [theirs, ours] = await sides.both(question);
  expect(ours).toEqual(theirs);
  expect(theirs.status).not.toBe(500);
  return `${theirs.status} ${String(theirs.body)}`;
};

describe('reads are answered as the monolith answers them', () => {
  const paths = [
    '/api/products',
    '/api/products?page=2&per_page=7',
    '/api/products?page=9999',
    '/api/products?sort=name',
    '/api/products?sort=-name&per_page=100',
    '/api/products?sort=price',
    '/api/products?sort=-price&per_page=50',
    '/api/products?sort=sku',
    '/api/products?sort=-created_at&page=3',
    '/api/products?q=oak+lamp',
    '/api/products?q=oak&per_page=100',
    '/api/products?q=oak+-lamp+or+steel',
    '/api/products?q=%22oak%20lamp%22&sort=price',
    '/api/products?q=the',
    '/api/products?q=&status=',
    '/api/products?category=kitchen&per_page=100',
    '/api/products?category=none',
    '/api/products?tag=new',
    '/api/products?tag=%7B%22',
    '/api/products?status=draft',
    '/api/products?status=discontinued',
    '/api/products?min_price=10&max_price=99.5',
    '/api/products?min_price=x',
    '/api/products?max_price=1.234',
    '/api/products?page=0',
    '/api/products?page=a',
    '/api/products?per_page=101',
    '/api/products?page=',
    '/api/products?sort=relevance',
    '/api/products?sort=id',
    '/api/products?sort=toString',
    '/api/products?status=on_sale',
    '/api/products?q=a&q=b',
    `/api/products?q=${'x'.repeat(201)}`,
    '/api/products?q=%00',
    '/api/products?sort=x&status=y',
    '/api/products/',
    '/API/products',
    ...[0, 1, 3, 4, 5, 9, 13, 14, 22, 49, 99].map((index) => `/api/products/${id(index)}`),
    '/api/products/1',
    '/api/products/0',
    '/api/products/abc',
    '/api/products/99999999999999999999',
    '/api/products/%E0%A4%A',
    `/api/products/000${id(0)}`,
    `/api/products/${id(0)}/price-history`,
    `/api/products/${id(3)}/price-history`,
    `/api/products/${id(49)}/price-history`,
    '/api/products/x/price-history',
    `/api/products/${id(0)}/images`,
    `/api/products/${id(1)}/images`,
    `/api/products/${id(49)}/images`,
    `/api/products/${id(0)}/images/1`,
    `/api/products/${id(1)}/images/1`,
    `/api/products/${id(0)}/images/x`,
    '/api/categories',
    '/api/categories/',
    ...[1, 7, 30, 31].map((number) => `/api/categories/${number}`),
    '/api/categories/kitchen',
    '/api/products/1/2/3',
    '/api/nothing-here',
  ];
  test.each(paths)('%s, for anybody and for somebody, as GET and as HEAD', async (path) => {
    await same({ path });
    await same({ path, token });
    await same({ path, method: 'HEAD' });
  });

  test('for any mixture of list parameters', async () => {
    const value = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
    const query = fc.record({
      page: value('1', '2', '3', '0', 'x'),
      per_page: value('1', '7', '100', '1000'),
      sort: value(
        'name',
        '-name',
        'price',
        '-price',
        'sku',
        'created_at',
        '-created_at',
        'relevance',
        '-relevance',
        '',
      ),
      q: fc.option(
        fc.oneof(
          fc.constantFrom(
            'oak',
            'lamp',
            'steel chair',
            'oak or pine',
            '-oak',
            '"small oak"',
            'zzz',
          ),
          fc.string({ maxLength: 12 }),
        ),
        { nil: undefined },
      ),
      category: value('kitchen', 'living', 'tools-lamps-1', 'x'),
      tag: value('new', 'sale', 'x'),
      status: value('active', 'draft', 'discontinued', 'no'),
      min_price: value('50', '-1', '0'),
      max_price: value('200.00', '1e3'),
    });
    await fc.assert(
      fc.asyncProperty(query, fc.boolean(), async (parameters, loggedIn) => {
        const given = Object.entries(parameters).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        );
        await same({
          path: `/api/products?${new URLSearchParams(given).toString()}`,
          token: loggedIn ? token : null,
        });
      }),
      { numRuns: 150 },
    );
  });

  test('a client that has the answer already gets 304 from both, with either’s ETag', async () => {
    for (const path of [
      `/api/products/${id(0)}`,
      `/api/products/${id(0)}/images/1`,
      '/api/categories',
      '/api/products?q=oak',
    ]) {
      const [theirs, ours] = await sides.both({ path });
      expect(ours.headers.etag).toBe(theirs.headers.etag);
      const answer = await same({
        path,
        headers: { 'if-none-match': theirs.headers.etag ?? '', 'cache-control': 'max-age=0' },
      });
      expect(answer.slice(0, 3)).toBe('304');
    }
  });
});

describe('tokens', () => {
  test.each([
    ['Bearer wrong'],
    ['Bearer'],
    ['Basic x'],
    ['bearer demo-token-1'],
    ['Bearer demo-token-1 x'],
    [''],
  ])('authorization %j is judged alike', async (authorization) => {
    for (const path of [
      '/api/products?per_page=1',
      '/api/products?status=draft',
      '/api/nothing-here',
    ])
      await same({ path, headers: { authorization } });
    await same({ method: 'POST', path: '/api/products', headers: { authorization }, body: {} });
  });
});

describe('writes are answered as the monolith answers them, and leave the same state', () => {
  const product = { sku: 'P-1', name: 'Parity lamp', price: '12.5' };
  const picture = (type: string, name = 'a b"c.png', field = 'image', size = 20): FormData => {
    const form = new FormData();
    form.set('alt_text', 'a picture');
    form.set(field, new File([Buffer.alloc(size, 7)], name, { type }));
    return form;
  };
  const P = id(500);
  const post = (path: string, body: object | string, as: string | null = token): Question => ({
    method: 'POST',
    path,
    body,
    token: as,
  });
  const patch = (path: string, body: object): Question => ({ method: 'PATCH', path, body, token });
  const questions: Question[] = [
    post('/api/products', product, null),
    post('/api/products', product),
    post('/api/products', product),
    post('/api/products', {}),
    post('/api/products', []),
    post('/api/products', '{'),
    { method: 'POST', path: '/api/products', token },
    post('/api/products', {
      sku: 'bad sku',
      name: ' ',
      price: 5,
      description: 7,
      currency: 'eur',
      status: 'on_sale',
      attributes: [],
      tags: ['', 'x'],
      weight: '1,5',
      external_ref: 'x',
      releasedOn: '2023-02-29',
    }),
    post('/api/products', {
      name: '\0',
      price: '-1',
      tags: 'x',
      attributes: { a: '\0' },
      releasedOn: 'x',
      status: null,
      currency: 5,
    }),
    post('/api/products', {
      sku: 'P-2',
      name: 'Everything',
      price: '0',
      description: 'Fine lamp of oak',
      currency: null,
      status: 'draft',
      attributes: { b: 1, a: [1.5, { c: null }] },
      tags: ['x', 'y z', '"'],
      weight: '1.250',
      external_ref: '7F3E0C52-64C5-4F8E-A1C9-0D6F7C1B2A10',
      releasedOn: '2024-02-29',
      categoryIds: ['7', '1', '7'],
    }),
    post('/api/products', { ...product, sku: 'P-3', categoryIds: ['999999'] }),
    post('/api/products', { ...product, sku: 'P-3', categoryIds: [7] }),
    post('/api/products', { ...product, sku: 'P-3', categoryIds: 'x' }),
    post('/api/products', {
      ...product,
      sku: 'P-4',
      price: '9999999999.99',
      unknown: true,
      description: null,
      weight: null,
    }),
    patch(`/api/products/${P}`, { price: '13.00' }),
    patch(`/api/products/${P}`, { price: '13' }),
    patch(`/api/products/${P}`, { name: 'Parity chair', description: 'Chairs for running' }),
    patch(`/api/products/${P}`, { description: null, tags: [] }),
    patch(`/api/products/${P}`, {}),
    patch(`/api/products/${P}`, { unknown: 1 }),
    patch(`/api/products/${P}`, { sku: 'SKU-000001' }),
    patch(`/api/products/${P}`, { price: null, name: '' }),
    patch('/api/products/1', { price: '1' }),
    patch('/api/products/x', {}),
    patch('/api/products/1', {}),
    patch(`/api/products/${P}`, {
      status: 'discontinued',
      price: '7.77',
      currency: 'USD',
      attributes: {},
    }),
    post(`/api/products/${P}/adjust-price`, { delta: '0.01' }),
    post(`/api/products/${P}/adjust-price`, { delta: '-5' }),
    post(`/api/products/${P}/adjust-price`, { delta: '0' }),
    post(`/api/products/${P}/adjust-price`, { delta: '-100' }),
    post(`/api/products/${P}/adjust-price`, { delta: '9999999999.99' }),
    post(`/api/products/${P}/adjust-price`, { delta: 1 }),
    post('/api/products/1/adjust-price', { delta: '1' }),
    post(`/api/products/${P}/adjust-price`, { delta: '1' }, null),
    { path: `/api/products/${P}/price-history` },
    { path: `/api/products?q=chairs`, token },
    post('/api/categories', { slug: 'parity', name: 'Parity', parentId: '2', position: 3 }),
    post('/api/categories', { slug: 'parity', name: 'Again' }),
    post('/api/categories', {}),
    post('/api/categories', { slug: 'A', name: '', parentId: 7, position: 1.5 }),
    post('/api/categories', []),
    post('/api/categories', { slug: 'orphan', name: 'x', parentId: '12345' }),
    post('/api/categories', { slug: 'p2', name: 'x' }, null),
    patch('/api/categories/2', { parentId: '31' }),
    patch('/api/categories/31', { parentId: null, position: -2 }),
    patch('/api/categories/31', {}),
    patch('/api/categories/777', { name: 'x' }),
    patch('/api/categories/2', { parentId: '2' }),
    patch('/api/categories/31', { slug: 'kitchen' }),
    patch('/api/categories/31', { slug: null, parentId: 'x' }),
    patch('/api/categories/x', { name: 'x' }),
    { method: 'PUT', path: `/api/products/${P}/categories/31`, token, body: { position: 4 } },
    { method: 'PUT', path: `/api/products/${P}/categories/7`, token },
    { method: 'PUT', path: `/api/products/${P}/categories/31`, token, body: { position: 2 } },
    { method: 'PUT', path: `/api/products/${P}/categories/31`, token, body: { position: '2' } },
    { method: 'PUT', path: `/api/products/${P}/categories/31`, token, body: { position: null } },
    { method: 'PUT', path: `/api/products/${P}/categories/999`, token },
    { method: 'PUT', path: '/api/products/1/categories/31', token },
    { method: 'PUT', path: `/api/products/${P}/categories/31` },
    { method: 'DELETE', path: `/api/products/${P}/categories/7`, token },
    { method: 'DELETE', path: `/api/products/${P}/categories/7`, token },
    { path: `/api/products/${P}` },
    { path: '/api/categories/31' },
    { path: '/api/categories' },
    { method: 'POST', path: `/api/products/${P}/images`, token, body: picture('image/png') },
    { method: 'POST', path: `/api/products/${P}/images`, token, body: picture('text/plain') },
    {
      method: 'POST',
      path: `/api/products/${P}/images`,
      token,
      body: picture('image/png', 'x.png', 'other'),
    },
    {
      method: 'POST',
      path: `/api/products/${P}/images`,
      token,
      body: picture('image/png', 'big.png', 'image', 2_200_000),
    },
    { method: 'POST', path: '/api/products/1/images', token, body: picture('image/gif') },
    { method: 'POST', path: `/api/products/${P}/images`, body: picture('image/png') },
    { method: 'POST', path: `/api/products/${P}/images`, token, body: {} },
    { path: `/api/products/${P}/images` },
    { path: `/api/products/${P}/images/101` },
    { method: 'DELETE', path: `/api/products/${P}/images/101` },
    { method: 'DELETE', path: `/api/products/${P}/images/101`, token },
    { method: 'DELETE', path: `/api/products/${P}/images/101`, token },
    { method: 'DELETE', path: `/api/products/${P}` },
    { method: 'DELETE', path: `/api/products/${P}`, token },
    { method: 'DELETE', path: `/api/products/${P}`, token },
    { path: `/api/products/${P}`, token },
    patch(`/api/products/${P}`, { name: 'x' }),
    { path: `/api/products/${P}/images` },
    { method: 'OPTIONS', path: '/api/products' },
    { method: 'PUT', path: '/api/products', token, body: {} },
    { method: 'DELETE', path: '/api/categories/1', token },
    post('/api/products', `{"x":"${'y'.repeat(1_100_000)}"}`),
    post('/_test/states', { state: 'a product exists', params: { sku: 'STATE-1' } }),
    post('/_test/states', { state: 'nonsense' }),
    post('/_test/states', { action: 'teardown' }),
  ].map((question) =>
    typeof question.body === 'string'
      ? { ...question, headers: { 'content-type': 'application/json' } }
      : question,
  );

  test.each(
    questions.map((question): [string, Question] => [
      `${question.method ?? 'GET'} ${question.path} ${JSON.stringify(question.body ?? null).slice(0, 60)}`,
      question,
    ]),
  )('%s', async (_title, question) => {
    await same(question);
  });

  test('afterwards every product, text and price reads the same', async () => {
    const client = new pg.Client({ connectionString: sides.own.url });
    await client.connect();
    const { rows } = await client.query<{
      texts: string;
      products: string;
      unpriced: string;
    }>(`SELECT (SELECT count(*) FROM product_text)::text AS texts, (SELECT count(*) FROM product)::text AS products,
      (SELECT count(*) FROM product p WHERE amount IS DISTINCT FROM (SELECT amount FROM price_change c WHERE c.product_id = p.product_id ORDER BY revision DESC LIMIT 1))::text AS unpriced`);
    await client.end();
    expect(rows[0]?.texts).toBe(rows[0]?.products);
    expect(rows[0]?.unpriced).toBe('0');
    for (let page = 1; page <= 6; page++)
      await same({ path: `/api/products?sort=sku&per_page=100&page=${page}`, token });
  });
});
