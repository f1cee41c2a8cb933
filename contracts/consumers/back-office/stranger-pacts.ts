import type { BackOfficeClient } from './back-office-client.ts';
import { nobody, onePixel } from '../pact-words.ts';
import { multipart } from './multipart.ts';
import { client, promise } from './promise.ts';

// Refused before anything else is looked at: no state is needed, and nothing is there to be changed.
const one = `/api/products/${nobody}`;
const draft = { sku: 'PACT-NEW', name: 'Quiet oak lamp', price: '19.90' };
const category = { slug: 'pact-new', name: 'Lamps' };
const picture = { bytes: new Uint8Array(onePixel.bytes), name: 'lamp.png', type: 'image/png' };

const writes: readonly {
  readonly asks: string;
  readonly to: string;
  readonly sends?: object;
  readonly call: (stranger: BackOfficeClient) => Promise<unknown>;
}[] = [
  {
    asks: 'a new product',
    to: 'POST /api/products',
    sends: draft,
    call: (stranger) => stranger.createProduct(draft),
  },
  {
    asks: 'a new name for a product',
    to: `PATCH ${one}`,
    sends: { name: 'Loud steel lamp' },
    call: (stranger) => stranger.changeProduct(nobody, { name: 'Loud steel lamp' }),
  },
  {
    asks: 'the removal of a product',
    to: `DELETE ${one}`,
    call: (stranger) => stranger.deleteProduct(nobody),
  },
  {
    asks: 'a change of a price',
    to: `POST ${one}/adjust-price`,
    sends: { delta: '0.10' },
    call: (stranger) => stranger.adjustPrice(nobody, '0.10'),
  },
  {
    asks: 'the removal of a picture',
    to: `DELETE ${one}/images/${nobody}`,
    call: (stranger) => stranger.deleteImage(nobody, nobody),
  },
  {
    asks: 'a new category',
    to: 'POST /api/categories',
    sends: category,
    call: (stranger) => stranger.createCategory(category),
  },
  {
    asks: 'a new name for a category',
    to: `PATCH /api/categories/${nobody}`,
    sends: { name: 'Lights' },
    call: (stranger) => stranger.changeCategory(nobody, { name: 'Lights' }),
  },
  {
    asks: 'a place in a category',
    to: `PUT ${one}/categories/${nobody}`,
    sends: { position: 4 },
    call: (stranger) => stranger.assign(nobody, nobody, 4),
  },
  {
    asks: 'the end of a place in a category',
    to: `DELETE ${one}/categories/${nobody}`,
    call: (stranger) => stranger.unassign(nobody, nobody),
  },
];
const refused = {
  status: 401,
  body: { error: 'unauthorized' },
  gives: { kind: 'refused', why: 'unauthorized' },
};
const Authorization = 'Bearer nobody';

for (const { asks, to, sends, call } of writes) {
  const [method = '', path = ''] = to.split(' ');
  await promise({
    asks: `${asks}, with a token that nobody has`,
    method,
    path,
    with: (builder) =>
      sends === undefined
        ? builder.headers({ Authorization })
        : builder.headers({ Authorization, 'Content-Type': 'application/json' }).jsonBody(sends),
    ...refused,
    client: (url) => call(client(url, 'nobody')),
  });
}

await promise({
  asks: 'a picture for a product, with a token that nobody has',
  method: 'POST',
  path: `${one}/images`,
  with: multipart(picture.type, { Authorization }),
  ...refused,
  client: (url) => client(url, 'nobody').uploadImage(nobody, picture),
});
