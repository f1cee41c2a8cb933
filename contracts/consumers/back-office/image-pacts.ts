import { MatchersV3 } from '@pact-foundation/pact';
import { authorised, id, nobody, onePixel, productPath } from '../pact-words.ts';
import { client, missing, promise, type RequestPart } from './promise.ts';

const { fromProviderState, regex } = MatchersV3;

const picture = (type: string) => ({
  bytes: new Uint8Array(onePixel.bytes),
  name: 'lamp.png',
  type,
});
// A client chooses its boundary, so that it is no part of what is promised.
const boundary = 'pact';
const multipart = (part: string, type: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${part}"; filename="lamp.png"\r\n` +
        `Content-Type: ${type}\r\n\r\n`,
    ),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
const uploads =
  (type = 'image/png'): RequestPart[2] =>
  (builder) => {
    const contentType = `multipart/form-data; boundary=${boundary}`;
    builder
      .headers({
        ...authorised,
        'Content-Type': regex('^multipart/form-data; ?boundary=.+$', contentType),
      })
      .body(contentType, multipart('image', type, onePixel.bytes));
  };

await promise({
  asks: 'a picture for a product',
  given: [['a product exists', { sku: 'PACT-PICTURED' }]],
  method: 'POST',
  path: productPath('/images'),
  with: uploads(),
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
  with: uploads('image/tiff'),
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
  with: uploads(),
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
