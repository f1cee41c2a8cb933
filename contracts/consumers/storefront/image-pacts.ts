import { MatchersV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { id, json, nobody, onePixel, productPath } from '../pact-words.ts';
import { client, pact } from './promise.ts';

const { fromProviderState } = MatchersV3;

const imagePath = fromProviderState(
  '/api/products/${id}/images/${imageId}',
  `/api/products/${id}/images/7`,
);

await pact
  .addInteraction()
  .given('a product with an image exists')
  .uponReceiving('a request for the images of a product')
  .withRequest('GET', productPath('/images'))
  .willRespondWith(200, (builder) =>
    builder.headers(json).jsonBody([
      {
        id: fromProviderState('${imageId}', '7'),
        filename: 'lamp.png',
        contentType: 'image/png',
        sha256: onePixel.sha256,
        alt_text: 'a lamp',
        url: imagePath,
      },
    ]),
  )
  .executeTest(async ({ url }) => {
    const images = await client(url).listImages(id);
    assert.equal(images[0]?.url, `/api/products/${id}/images/7`);
  });

await pact
  .addInteraction()
  .given('a product with an image exists')
  .uponReceiving('a request for an image')
  .withRequest('GET', imagePath)
  .willRespondWith(200, (builder) =>
    builder
      .headers({
        'Content-Type': 'image/png',
        'Cache-Control': 'public, max-age=86400',
        'Content-Disposition': 'inline; filename="lamp.png"',
        ETag: `"${onePixel.sha256}"`,
      })
      .body('image/png', onePixel.bytes),
  )
  .executeTest(async ({ url }) => {
    const image = await client(url).downloadImage(`/api/products/${id}/images/7`);
    assert.deepEqual(image, {
      kind: 'new',
      bytes: new Uint8Array(onePixel.bytes),
      type: 'image/png',
      etag: `"${onePixel.sha256}"`,
    });
  });

await pact
  .addInteraction()
  .given('a product with an image exists')
  .uponReceiving('a request for an image that the browser has')
  .withRequest('GET', imagePath, (builder) =>
    builder.headers({ 'If-None-Match': `"${onePixel.sha256}"` }),
  )
  .willRespondWith(304, (builder) => builder.headers({ ETag: `"${onePixel.sha256}"` }))
  .executeTest(async ({ url }) => {
    const etag = `"${onePixel.sha256}"`;
    const image = await client(url).downloadImage(`/api/products/${id}/images/7`, etag);
    assert.deepEqual(image, { kind: 'same' });
  });

await pact
  .addInteraction()
  .given('a product exists', { sku: 'PACT-1' })
  .uponReceiving('a request for an image that is not there')
  .withRequest('GET', productPath(`/images/${nobody}`))
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'image not found' }))
  .executeTest(async ({ url }) => {
    const gone = await client(url).downloadImage(`/api/products/${id}/images/${nobody}`);
    assert.equal(gone, undefined);
  });

await pact
  .addInteraction()
  .given('no product with id', { id: nobody })
  .uponReceiving('a request for the images of a product that is not there')
  .withRequest('GET', `/api/products/${nobody}/images`)
  .willRespondWith(404, (builder) => builder.headers(json).jsonBody({ error: 'product not found' }))
  .executeTest(async ({ url }) => {
    assert.deepEqual(await client(url).listImages(nobody), []);
  });

await pact
  .addInteraction()
  .uponReceiving('a request for the images of a product whose id is none')
  .withRequest('GET', '/api/products/lamp/images')
  .willRespondWith(400, (builder) => builder.headers(json).jsonBody({ error: 'invalid id' }))
  .executeTest(async ({ url }) => {
    await assert.rejects(client(url).listImages('lamp'), { status: 400 });
  });

await pact
  .addInteraction()
  .uponReceiving('a request for an image whose id is none')
  .withRequest('GET', `/api/products/${nobody}/images/front`)
  .willRespondWith(400, (builder) => builder.headers(json).jsonBody({ error: 'invalid id' }))
  .executeTest(async ({ url }) => {
    const refused = client(url).downloadImage(`/api/products/${nobody}/images/front`);
    await assert.rejects(refused, { status: 400 });
  });
