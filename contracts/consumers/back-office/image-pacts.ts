import { MatchersV3 } from '@pact-foundation/pact';
import { id, nobody, onePixel, productPath } from '../pact-words.ts';
import { multipart } from './multipart.ts';
import { client, missing, promise } from './promise.ts';

const { fromProviderState, regex } = MatchersV3;

const picture = (type: string) => ({
  bytes: new Uint8Array(onePixel.bytes),
  name: 'lamp.png',
  type,
});

await promise({
  asks: 'a picture for a product',
  given: [['a product exists', { sku: 'PACT-PICTURED' }]],
  method: 'POST',
  path: productPath('/images'),
  with: multipart('image/png'),
  status: 201,
  headers: {
    Location: regex('^/api/products/\\d+/images/\\d+$', `/api/products/${id}/images/7`),
  },
  body: {
    id: regex('^\\d+$', '7'),
    filename: 'lamp.png',
    contentType: 'image/png',
    sha256: onePixel.sha256,
    alt_text: '',
    url: regex('^/api/products/\\d+/images/\\d+$', `/api/products/${id}/images/7`),
    size: onePixel.bytes.length,
  },
  client: (url) => client(url).uploadImage(id, picture('image/png')),
  gives: {
    kind: 'done',
    value: {
      id: '7',
      filename: 'lamp.png',
      contentType: 'image/png',
      sha256: onePixel.sha256,
      alt_text: '',
      url: `/api/products/${id}/images/7`,
      size: onePixel.bytes.length,
    },
  },
});

await promise({
  asks: 'a picture of a kind that the shop does not show',
  given: [['a product exists', { sku: 'PACT-PICTURED' }]],
  method: 'POST',
  path: productPath('/images'),
  with: multipart('image/tiff'),
  status: 415,
  body: { error: 'unsupported image type' },
  client: (url) => client(url).uploadImage(id, picture('image/tiff')),
  gives: { kind: 'refused', why: 'unsupported image type' },
});

await promise({
  asks: 'a picture for a product that is not there',
  given: [['no product with id', { id: nobody }]],
  method: 'POST',
  path: `/api/products/${nobody}/images`,
  with: multipart('image/png'),
  ...missing('product'),
  client: (url) => client(url).uploadImage(nobody, picture('image/png')),
});

await promise({
  asks: 'the removal of a picture',
  given: [['a product with an image exists', {}]],
  method: 'DELETE',
  path: fromProviderState('/api/products/${id}/images/${imageId}', `/api/products/${id}/images/7`),
  status: 204,
  client: (url) => client(url).deleteImage(id, '7'),
  gives: { kind: 'done', value: undefined },
});

await promise({
  asks: 'the removal of a picture that is not there',
  given: [['a product exists', { sku: 'PACT-1' }]],
  method: 'DELETE',
  path: productPath(`/images/${nobody}`),
  ...missing('image'),
  client: (url) => client(url).deleteImage(id, nobody),
});
