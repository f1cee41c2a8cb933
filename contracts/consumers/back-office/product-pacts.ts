import { MatchersV3 } from '@pact-foundation/pact';
import { anId, id, money, nobody, productPath, stamp, thisProduct } from '../pact-words.ts';
import { client, conflict, invalid, missing, promise, sends } from './promise.ts';

const { regex } = MatchersV3;

const draft = { sku: 'PACT-NEW', name: 'Quiet oak lamp', price: '19.90', tags: ['new'] };
const edited = {
  id,
  sku: 'PACT-NEW',
  name: 'Quiet oak lamp',
  price: '19.90',
  status: 'active',
  updatedAt: '2024-02-29T08:30:00.000Z',
};
const kept = (more: object = {}) => ({
  ...edited,
  id: anId,
  price: money,
  updatedAt: stamp,
  ...more,
});

await promise({
  asks: 'a new product',
  given: [['no product with sku', { sku: draft.sku }]],
  method: 'POST',
  path: '/api/products',
  with: sends(draft),
  status: 201,
  headers: { Location: regex('^/api/products/\\d+$', `/api/products/${id}`) },
  body: kept({ description: null, tags: ['new'] }),
  client: (url) => client(url).createProduct(draft),
  gives: { kind: 'done', value: { ...edited, description: null, tags: ['new'] } },
});

await promise({
  asks: 'a new product with a sku that another has',
  given: [['a product exists', { sku: 'PACT-TAKEN' }]],
  method: 'POST',
  path: '/api/products',
  with: sends({ ...draft, sku: 'PACT-TAKEN' }),
  ...conflict('sku'),
  client: (url) => client(url).createProduct({ ...draft, sku: 'PACT-TAKEN' }),
});

await promise({
  asks: 'a new product that is wrong in three fields',
  method: 'POST',
  path: '/api/products',
  with: sends({ sku: 'no blanks', name: '', price: '-1' }),
  ...invalid(
    { field: 'sku', message: 'must be 1-64 letters, digits, dots, dashes' },
    { field: 'name', message: 'must be 1-200 characters' },
    { field: 'price', message: 'must be a string like "12.34"' },
  ),
  client: (url) => client(url).createProduct({ sku: 'no blanks', name: '', price: '-1' }),
});

await promise({
  asks: 'a new name for a product',
  given: [['a product exists', { sku: 'PACT-RENAMED' }]],
  method: 'PATCH',
  path: productPath(),
  with: sends({ name: 'Loud steel lamp' }),
  status: 200,
  body: kept({ id: thisProduct, sku: 'PACT-RENAMED', name: 'Loud steel lamp' }),
  client: (url) => client(url).changeProduct(id, { name: 'Loud steel lamp' }),
  gives: { kind: 'done', value: { ...edited, sku: 'PACT-RENAMED', name: 'Loud steel lamp' } },
});

await promise({
  asks: 'a change that changes nothing',
  given: [['a product exists', { sku: 'PACT-RENAMED' }]],
  method: 'PATCH',
  path: productPath(),
  with: sends({}),
  ...invalid({ field: 'body', message: 'changes nothing' }),
  client: (url) => client(url).changeProduct(id, {}),
});

await promise({
  asks: 'a sku for a product that another has',
  given: [
    ['a product exists', { sku: 'PACT-TAKEN' }],
    ['a product exists', { sku: 'PACT-RENAMED' }],
  ],
  method: 'PATCH',
  path: productPath(),
  with: sends({ sku: 'PACT-TAKEN' }),
  ...conflict('sku'),
  client: (url) => client(url).changeProduct(id, { sku: 'PACT-TAKEN' }),
});

await promise({
  asks: 'a new name for a product that is not there',
  given: [['no product with id', { id: nobody }]],
  method: 'PATCH',
  path: `/api/products/${nobody}`,
  with: sends({ name: 'Loud steel lamp' }),
  ...missing('product'),
  client: (url) => client(url).changeProduct(nobody, { name: 'Loud steel lamp' }),
});

await promise({
  asks: 'the removal of a product',
  given: [['a product exists', { sku: 'PACT-REMOVED' }]],
  method: 'DELETE',
  path: productPath(),
  status: 204,
  client: (url) => client(url).deleteProduct(id),
  gives: { kind: 'done', value: undefined },
});

await promise({
  asks: 'the removal of a product that is not there',
  given: [['no product with id', { id: nobody }]],
  method: 'DELETE',
  path: `/api/products/${nobody}`,
  ...missing('product'),
  client: (url) => client(url).deleteProduct(nobody),
});

await promise({
  asks: 'a change of a price',
  given: [['a product exists', { sku: 'PACT-2' }]],
  method: 'POST',
  path: productPath('/adjust-price'),
  with: sends({ delta: '0.10' }),
  status: 200,
  body: { id: thisProduct, price: money, currency: 'EUR' },
  client: (url) => client(url).adjustPrice(id, '0.10'),
  gives: { kind: 'done', value: { id, price: '19.90', currency: 'EUR' } },
});

await promise({
  asks: 'a change of a price by no amount of money',
  given: [['a product exists', { sku: 'PACT-2' }]],
  method: 'POST',
  path: productPath('/adjust-price'),
  with: sends({ delta: 'much' }),
  ...invalid({ field: 'delta', message: 'must be a string like "0.01" or "-5.00"' }),
  client: (url) => client(url).adjustPrice(id, 'much'),
});

await promise({
  asks: 'a change of the price of a product that is not there',
  given: [['no product with id', { id: nobody }]],
  method: 'POST',
  path: `/api/products/${nobody}/adjust-price`,
  with: sends({ delta: '0.10' }),
  ...missing('product'),
  client: (url) => client(url).adjustPrice(nobody, '0.10'),
});
