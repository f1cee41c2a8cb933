import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { anId, json, money, stamp } from '../pact-words.ts';
import { UnexpectedAnswer } from '../shop-api.ts';
import { client, pact } from './promise.ts';

const { constrainedArrayLike, eachLike, integer, string } = MatchersV3;

const listed = (name: unknown = string('Quiet oak lamp')) => ({
  id: anId,
  sku: string('STATE-1'),
  name,
  price: money,
  currency: 'EUR',
  status: 'active',
  tags: eachLike('new'),
  created_at: stamp,
});

await pact
  .addInteraction()
  .given('products exist', { count: 3 })
  .uponReceiving('a request for the first products')
  .withRequest('GET', '/api/products', (builder) => builder.query({ per_page: '2' }))
  .willRespondWith(200, (builder) =>
    builder
      .headers(json)
      .jsonBody({ items: eachLike(listed()), total: integer(3), page: 1, per_page: 2 }),
  )
  .executeTest(async ({ url }) => {
    const { items } = await client(url).listProducts({ per_page: '2' });
    assert.equal(items[0]?.price, '19.90');
  });

await pact
  .addInteraction()
  .given('products exist', { names: ['First lamp', 'Second lamp', 'Third lamp'] })
  .uponReceiving('a request for the newest products, which come first')
  .withRequest('GET', '/api/products', (builder) => builder.query({ page: '1', per_page: '2' }))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      items: [listed('Third lamp'), listed('Second lamp')],
      total: integer(3),
      page: 1,
      per_page: 2,
    }),
  )
  .executeTest(async ({ url }) => {
    const { items } = await client(url).listProducts({ page: '1', per_page: '2' });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['Third lamp', 'Second lamp'],
    );
  });

await pact
  .addInteraction()
  .given('products exist', { count: 21 })
  .uponReceiving('a request for products without a page size')
  .withRequest('GET', '/api/products')
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      items: constrainedArrayLike(listed(), 20, 20, 20),
      total: integer(21),
      page: 1,
      per_page: 20,
    }),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await client(url).listProducts()).items.length, 20);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for a page behind the last')
  .withRequest('GET', '/api/products', (builder) => builder.query({ page: '100000' }))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({ items: [], total: integer(3), page: 100_000, per_page: 20 }),
  )
  .executeTest(async ({ url }) => {
    assert.deepEqual((await client(url).listProducts({ page: '100000' })).items, []);
  });

await pact
  .addInteraction()
  .given('products exist', { names: ['Quiet xylophone'] })
  .uponReceiving('a search for products that are sold')
  .withRequest('GET', '/api/products', (builder) =>
    builder.query({ status: 'active', per_page: '12', page: '1', q: 'xylophone' }),
  )
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      items: eachLike(listed('Quiet xylophone')),
      total: integer(1),
      page: 1,
      per_page: 12,
    }),
  )
  .executeTest(async ({ url }) => {
    const search = { status: 'active', per_page: '12', page: '1', q: 'xylophone' };
    assert.equal((await client(url).listProducts(search)).items[0]?.name, 'Quiet xylophone');
  });

await pact
  .addInteraction()
  .given('a product in a category exists', { sku: 'PACT-PLACED', slug: 'pact-lamps' })
  .uponReceiving('a request for the products of a category by name')
  .withRequest('GET', '/api/products', (builder) =>
    builder.query({ category: 'pact-lamps', sort: 'name' }),
  )
  .willRespondWith(200, (builder) =>
    builder
      .headers(json)
      .jsonBody({ items: eachLike(listed()), total: integer(1), page: 1, per_page: 20 }),
  )
  .executeTest(async ({ url }) => {
    const { total } = await client(url).listProducts({ category: 'pact-lamps', sort: 'name' });
    assert.equal(total, 1);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for products in an order that there is not')
  .withRequest('GET', '/api/products', (builder) => builder.query({ sort: 'colour' }))
  .willRespondWith(400, (builder) =>
    builder.headers(json).jsonBody({ error: 'invalid parameter: sort' }),
  )
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).listProducts({ sort: 'colour' }), UnexpectedAnswer);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for more products than a page may have')
  .withRequest('GET', '/api/products', (builder) => builder.query({ per_page: '101' }))
  .willRespondWith(400, (builder) =>
    builder.headers(json).jsonBody({ error: 'invalid parameter: per_page' }),
  )
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).listProducts({ per_page: '101' }), UnexpectedAnswer);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for products with a token that nobody has')
  .withRequest('GET', '/api/products', (builder) =>
    builder.headers({ Authorization: 'Bearer nobody' }),
  )
  .willRespondWith(401, (builder) => builder.headers(json).jsonBody({ error: 'unauthorized' }))
  .executeTest(async ({ url }) => {
    const refused = client(url, { authorization: 'Bearer nobody' }).listProducts();
    await assert.rejects(refused, { status: 401 });
  });
