import { MatchersV3, Pact } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { StorefrontClient } from './storefront-client.ts';

const { eachLike, fromProviderState, integer, regex, string } = MatchersV3;

const dir = process.argv[2];
if (!dir) throw new Error('usage: write-pacts.ts <folder>');

const id = '9007199254741001';
const money = regex('^\\d+\\.\\d{2}$', '19.90');
const anId = regex('^\\d+$', id);
// Spelled as the native core spells it, or it would add a second one.
const json = { 'Content-Type': 'application/json; charset=utf-8' };
const pact = new Pact({ consumer: 'storefront', provider: 'catalog', dir, logLevel: 'error' });

await pact
  .addInteraction()
  .given('products exist', { count: 3 })
  .uponReceiving('a request for the first products')
  .withRequest('GET', '/api/products', (builder) => builder.query({ per_page: '2' }))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      items: eachLike({ id: anId, name: string('Quiet oak lamp'), price: money }),
      total: integer(3),
      page: 1,
      per_page: 2,
    }),
  )
  .executeTest(async ({ url }) => {
    const { products } = await new StorefrontClient(url, '').listProducts(2);
    assert.deepEqual(products, [{ id, name: 'Quiet oak lamp', price: '19.90' }]);
  });

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-1', name: 'Quiet oak lamp' })
  .uponReceiving('a request for one product')
  .withRequest('GET', fromProviderState('/api/products/${id}', `/api/products/${id}`))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      id: fromProviderState('${id}', id),
      sku: 'PACT-1',
      name: 'Quiet oak lamp',
      price: money,
      description: string('A product that a contract asked for.'),
      tags: eachLike('new'),
    }),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await new StorefrontClient(url, '').showProduct(id))?.sku, 'PACT-1');
  });

await pact
  .addInteraction()
  .given('no product with id', { id: '9223372036854775807' })
  .uponReceiving('a request for a product that is not there')
  .withRequest('GET', '/api/products/9223372036854775807')
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'product not found' }))
  .executeTest(async ({ url }) => {
    assert.equal(await new StorefrontClient(url, '').showProduct('9223372036854775807'), undefined);
  });

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-2' })
  .uponReceiving('a change of a price')
  .withRequest(
    'POST',
    fromProviderState('/api/products/${id}/adjust-price', `/api/products/${id}/adjust-price`),
    (builder) =>
      builder
        .headers({ Authorization: 'Bearer demo-token-1', 'Content-Type': 'application/json' })
        .jsonBody({ delta: '0.10' }),
  )
  .willRespondWith(200, (builder) =>
    builder
      .headers(json)
      .jsonBody({ id: fromProviderState('${id}', id), price: money, currency: 'EUR' }),
  )
  .executeTest(async ({ url }) => {
    assert.equal(await new StorefrontClient(url, 'demo-token-1').adjustPrice(id, '0.10'), '19.90');
  });
