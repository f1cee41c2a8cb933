import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import {
  authorised,
  id,
  json,
  money,
  nobody,
  productPath,
  stamp,
  thisProduct,
} from '../pact-words.ts';
import { client, pact } from './promise.ts';

const { eachLike, fromProviderState, regex, string } = MatchersV3;

const shown = (sku: string) => ({
  id: thisProduct,
  sku,
  name: 'Quiet oak lamp',
  price: money,
  currency: 'EUR',
  status: 'active',
  created_at: stamp,
});

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-1', name: 'Quiet oak lamp' })
  .uponReceiving('a request for one product')
  .withRequest('GET', productPath())
  .willRespondWith(200, (builder) =>
    builder
      .headers({ ...json, 'Cache-Control': 'no-cache', ETag: regex('^W/".+"$', 'W/"1a-b"') })
      .jsonBody({
        ...shown('PACT-1'),
        description: string('A product that a contract asked for.'),
        tags: eachLike('new'),
        weight: regex('^\\d+\\.\\d{3}$', '1.250'),
        releasedOn: regex('^\\d{4}-\\d\\d-\\d\\d$', '2024-02-29'),
        images: [],
      }),
  )
  .executeTest(async ({ url }) => {
    const product = await client(url).showProduct(id);
    assert.equal(product?.sku, 'PACT-1');
    assert.equal(product.weight, '1.250');
  });

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-BARE', name: 'Quiet oak lamp', bare: true })
  .uponReceiving('a request for a product without anything optional')
  .withRequest('GET', productPath())
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      ...shown('PACT-BARE'),
      currency: null,
      description: null,
      tags: [],
      weight: null,
      releasedOn: null,
      images: [],
    }),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await client(url).showProduct(id))?.description, null);
  });

await pact
  .addInteraction()
  .given('no product with id', { id: nobody })
  .uponReceiving('a request for a product that is not there')
  .withRequest('GET', `/api/products/${nobody}`)
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'product not found' }))
  .executeTest(async ({ url }) => {
    assert.equal(await client(url).showProduct(nobody), undefined);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for a product whose id is none')
  .withRequest('GET', '/api/products/lamp')
  .willRespondWith(400, (builder) => builder.headers(json).jsonBody({ error: 'invalid id' }))
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).showProduct('lamp'), { status: 400 });
  });

const etag = 'W/"1a-b"';
await pact
  .addInteraction()
  .given('a product that the client has seen exists', { sku: 'PACT-SEEN' })
  .uponReceiving('a request for a product that the client keeps')
  .withRequest('GET', productPath(), (builder) =>
    builder.headers({ 'If-None-Match': fromProviderState('${etag}', etag) }),
  )
  .willRespondWith(304, (builder) =>
    builder.headers({ 'Cache-Control': 'no-cache', ETag: fromProviderState('${etag}', etag) }),
  )
  .executeTest(async ({ url }) => {
    assert.deepEqual(await client(url).refreshProduct(id, etag), { kind: 'same' });
  });

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-1', name: 'Quiet oak lamp' })
  .uponReceiving('a request for a product that changed since the client kept it')
  .withRequest('GET', productPath(), (builder) => builder.headers({ 'If-None-Match': etag }))
  .willRespondWith(200, (builder) =>
    builder
      .headers({ ...json, ETag: regex('^W/".+"$', 'W/"2c-d"') })
      .jsonBody({ ...shown('PACT-1'), description: string('A product.') }),
  )
  .executeTest(async ({ url }) => {
    const refreshed = await client(url).refreshProduct(id, etag);
    assert.equal(refreshed?.kind === 'new' && refreshed.etag, 'W/"2c-d"');
  });

await pact
  .addInteraction()
  .given('a product exists', { draft: true })
  .uponReceiving('a request of a stranger for a draft')
  .withRequest('GET', productPath())
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'product not found' }))
  .executeTest(async ({ url }) => {
    assert.equal(await client(url).showProduct(id), undefined);
  });

await pact
  .addInteraction()
  .given('a product exists', { draft: true })
  .uponReceiving('a request of a known customer for a draft')
  .withRequest('GET', productPath(), (builder) => builder.headers(authorised))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({ id: thisProduct, status: 'draft' }),
  )
  .executeTest(async ({ url }) => {
    const who = { authorization: authorised.Authorization };
    assert.equal((await client(url, who).showProduct(id))?.status, 'draft');
  });

await pact
  .addInteraction()
  .uponReceiving('a request for a product with a token that nobody has')
  .withRequest('GET', `/api/products/${nobody}`, (builder) =>
    builder.headers({ Authorization: 'Bearer nobody' }),
  )
  .willRespondWith(401, (builder) => builder.headers(json).jsonBody({ error: 'unauthorized' }))
  .executeTest(async ({ url }) => {
    const refused = client(url, { authorization: 'Bearer nobody' }).showProduct(nobody);
    await assert.rejects(refused, { status: 401 });
  });

await pact
  .addInteraction()
  .given('a product exists', { name: 'Quiet oak lamp' })
  .uponReceiving('a request for the prices that a product had')
  .withRequest('GET', productPath('/price-history'))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody({
      product_id: thisProduct,
      entries: [{ revision: 1, oldPrice: null, newPrice: money, changedAt: stamp }],
    }),
  )
  .executeTest(async ({ url }) => {
    assert.equal((await client(url).priceHistory(id))[0]?.newPrice, '19.90');
  });

await pact
  .addInteraction()
  .given('no product with id', { id: nobody })
  .uponReceiving('a request for the prices of a product that is not there')
  .withRequest('GET', `/api/products/${nobody}/price-history`)
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'product not found' }))
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).priceHistory(nobody), { status: 404 });
  });

await pact
  .addInteraction()
  .uponReceiving('a request for the prices of a product whose id is none')
  .withRequest('GET', '/api/products/lamp/price-history')
  .willRespondWith(400, (builder) => builder.headers(json).jsonBody({ error: 'invalid id' }))
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).priceHistory('lamp'), { status: 400 });
  });
