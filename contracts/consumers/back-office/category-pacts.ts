import { MatchersV3 } from '@pact-foundation/pact';
import { id, nobody, productPath, thisProduct } from '../pact-words.ts';
import { client, conflict, invalid, missing, promise, sends } from './promise.ts';

const { fromProviderState, integer, regex } = MatchersV3;

const category = { slug: 'pact-new', name: 'Lamps', position: 3 };
const categoryPath = fromProviderState('/api/categories/${categoryId}', '/api/categories/12');
const categoryBody = (more: object = {}) => ({
  id: regex('^\\d+$', '12'),
  ...category,
  parentId: null,
  product_count: integer(0),
  ...more,
});
const editedCategory = { id: '12', ...category, parentId: null, product_count: 0 };

await promise({
  asks: 'a new category',
  given: [['no category with slug', { slug: category.slug }]],
  method: 'POST',
  path: '/api/categories',
  with: sends(category),
  status: 201,
  headers: { Location: regex('^/api/categories/\\d+$', '/api/categories/12') },
  body: categoryBody(),
  client: (url) => client(url).createCategory(category),
  gives: { kind: 'done', value: editedCategory },
});

await promise({
  asks: 'a new category with a slug that another has',
  given: [['a category exists', { slug: 'pact-taken' }]],
  method: 'POST',
  path: '/api/categories',
  with: sends({ ...category, slug: 'pact-taken' }),
  ...conflict('slug'),
  client: (url) => client(url).createCategory({ ...category, slug: 'pact-taken' }),
});

await promise({
  asks: 'a new category without a slug',
  method: 'POST',
  path: '/api/categories',
  with: sends({ slug: 'No Slug', name: 'Lamps' }),
  ...invalid({ field: 'slug', message: 'must be small letters, digits and dashes' }),
  client: (url) => client(url).createCategory({ slug: 'No Slug', name: 'Lamps' }),
});

await promise({
  asks: 'a new name for a category',
  given: [['a category exists', { slug: 'pact-renamed' }]],
  method: 'PATCH',
  path: categoryPath,
  with: sends({ name: 'Lights' }),
  status: 200,
  body: categoryBody({
    id: fromProviderState('${categoryId}', '12'),
    slug: 'pact-renamed',
    name: 'Lights',
  }),
  client: (url) => client(url).changeCategory('12', { name: 'Lights' }),
  gives: { kind: 'done', value: { ...editedCategory, slug: 'pact-renamed', name: 'Lights' } },
});

await promise({
  asks: 'a new name for a category that is not there',
  method: 'PATCH',
  path: `/api/categories/${nobody}`,
  with: sends({ name: 'Lights' }),
  ...missing('category'),
  client: (url) => client(url).changeCategory(nobody, { name: 'Lights' }),
});

await promise({
  asks: 'a name for a category that is none',
  given: [['a category exists', { slug: 'pact-renamed' }]],
  method: 'PATCH',
  path: categoryPath,
  with: sends({ name: '' }),
  ...invalid({ field: 'name', message: 'must be 1-100 characters' }),
  client: (url) => client(url).changeCategory('12', { name: '' }),
});

await promise({
  asks: 'a slug for a category that another has',
  given: [
    ['a category exists', { slug: 'pact-taken' }],
    ['a category exists', { slug: 'pact-renamed' }],
  ],
  method: 'PATCH',
  path: categoryPath,
  with: sends({ slug: 'pact-taken' }),
  ...conflict('slug'),
  client: (url) => client(url).changeCategory('12', { slug: 'pact-taken' }),
});

const assignment = fromProviderState(
  '/api/products/${id}/categories/${categoryId}',
  `/api/products/${id}/categories/12`,
);

await promise({
  asks: 'a place in a category for a product',
  given: [['a product in a category exists', { sku: 'PACT-PLACED', slug: 'pact-lamps' }]],
  method: 'PUT',
  path: assignment,
  with: sends({ position: 4 }),
  status: 200,
  body: {
    product_id: thisProduct,
    category_id: fromProviderState('${categoryId}', '12'),
    position: 4,
  },
  client: (url) => client(url).assign(id, '12', 4),
  gives: { kind: 'done', value: { product_id: id, category_id: '12', position: 4 } },
});

await promise({
  asks: 'a place in a category that is not there',
  given: [['a product exists', { sku: 'PACT-PLACED' }]],
  method: 'PUT',
  path: productPath(`/categories/${nobody}`),
  with: sends({ position: 4 }),
  ...missing('category'),
  client: (url) => client(url).assign(id, nobody, 4),
});

await promise({
  asks: 'a place in a category for a product that is not there',
  given: [['no product with id', { id: nobody }]],
  method: 'PUT',
  path: `/api/products/${nobody}/categories/1`,
  with: sends({ position: 4 }),
  ...missing('product'),
  client: (url) => client(url).assign(nobody, '1', 4),
});

await promise({
  asks: 'a place in a category that is no number',
  given: [['a product in a category exists', { sku: 'PACT-PLACED', slug: 'pact-lamps' }]],
  method: 'PUT',
  path: assignment,
  with: sends({ position: 4.5 }),
  ...invalid({ field: 'position', message: 'must be a whole number' }),
  client: (url) => client(url).assign(id, '12', 4.5),
});

await promise({
  asks: 'the end of a place in a category',
  given: [['a product in a category exists', { sku: 'PACT-PLACED', slug: 'pact-lamps' }]],
  method: 'DELETE',
  path: assignment,
  status: 204,
  client: (url) => client(url).unassign(id, '12'),
  gives: { kind: 'done', value: undefined },
});

await promise({
  asks: 'the end of a place that a product does not have',
  given: [['a product exists', { sku: 'PACT-1' }]],
  method: 'DELETE',
  path: productPath(`/categories/${nobody}`),
  ...missing('assignment'),
  client: (url) => client(url).unassign(id, nobody),
});
