import {
  anyObject,
  day,
  id,
  input,
  list,
  money,
  object,
  oneOf,
  orNull,
  ref,
  stamp,
  text,
  uuid,
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';

const status = oneOf('draft', 'active', 'discontinued');
const summary = {
  id,
  sku: text,
  name: text,
  price: money,
  currency: orNull(text),
  status,
  tags: list(text),
  weight: orNull(text),
  external_ref: orNull(uuid),
  releasedOn: orNull(day),
  created_at: stamp,
  updatedAt: stamp,
};
const image = {
  id,
  filename: text,
  contentType: text,
  sha256: text,
  alt_text: orNull(text),
  url: text,
};
const fields = {
  sku: text,
  name: text,
  description: orNull(text),
  price: text,
  currency: orNull(text),
  status,
  attributes: anyObject,
  tags: list(text),
  weight: orNull(text),
  external_ref: orNull(uuid),
  releasedOn: orNull(day),
};
const categoryFields = { slug: text, name: text, parentId: orNull(id), position: whole };
const missing = ref('CatalogError');
const invalid = ref('CatalogProblems');
const conflict = ref('CatalogConflict');

export const catalogDocument: ModuleDocument = {
  module: 'catalog',
  schemas: {
    CatalogError: object({ error: text }),
    CatalogConflict: object({ error: text, field: text }),
    CatalogProblems: object({ errors: list(object({ field: text, message: text })) }),
    ProductSummary: object(summary),
    Product: object({
      ...summary,
      description: orNull(text),
      attributes: anyObject,
      categories: list(object({ id, slug: text, name: text })),
      images: list(ref('Image')),
    }),
    Image: object(image),
    Category: object({
      id,
      slug: text,
      name: text,
      parentId: orNull(id),
      position: whole,
      product_count: whole,
      path: list(object({ id, slug: text, name: text })),
    }),
    CategoryNode: object({
      id,
      slug: text,
      name: text,
      position: whole,
      children: list(ref('CategoryNode')),
    }),
  },
  paths: {
    'GET /api/products': {
      summary: 'Products, newest first',
      query: {
        page: whole,
        per_page: whole,
        sort: text,
        q: text,
        category: text,
        tag: text,
        status,
        min_price: text,
        max_price: text,
      },
      answers: {
        200: object({
          items: list(ref('ProductSummary')),
          total: whole,
          page: whole,
          per_page: whole,
        }),
        400: missing,
        401: missing,
      },
    },
    'POST /api/products': {
      summary: 'A new product',
      for: 'user',
      body: input({ ...fields, categoryIds: list(id) }, ['sku', 'name', 'price']),
      answers: { 201: ref('Product'), 409: conflict, 422: invalid },
    },
    'GET /api/products/{id}': {
      summary: 'One product',
      answers: { 200: ref('Product'), 304: null, 400: missing, 401: missing, 404: missing },
    },
    'PATCH /api/products/{id}': {
      summary: 'Change a product',
      for: 'user',
      body: input(fields),
      answers: { 200: ref('Product'), 400: missing, 404: missing, 409: conflict, 422: invalid },
    },
    'DELETE /api/products/{id}': {
      summary: 'Take a product away',
      for: 'user',
      answers: { 204: null, 400: missing, 404: missing },
    },
    'POST /api/products/{id}/adjust-price': {
      summary: 'Add to the price; not idempotent',
      for: 'user',
      body: input({ delta: text }, ['delta']),
      answers: {
        200: object({ id, price: money, currency: orNull(text) }),
        400: missing,
        404: missing,
        422: invalid,
      },
    },
    'GET /api/products/{id}/price-history': {
      summary: 'Every price a product had',
      answers: {
        200: object({
          product_id: id,
          entries: list(
            object({ revision: whole, oldPrice: orNull(money), newPrice: money, changedAt: stamp }),
          ),
        }),
        400: missing,
        404: missing,
      },
    },
    'GET /api/products/{id}/images': {
      summary: 'Pictures of a product',
      answers: { 200: list(ref('Image')), 400: missing, 404: missing },
    },
    'POST /api/products/{id}/images': {
      summary: 'Upload a picture',
      for: 'user',
      upload: 'image',
      answers: {
        201: object({ ...image, size: whole }),
        400: input({ error: text, message: text }, ['error']),
        404: missing,
        413: missing,
        415: missing,
      },
    },
    'GET /api/products/{id}/images/{imageId}': {
      summary: 'Download a picture',
      answers: { 200: { content: 'image/png' }, 304: null, 400: missing, 404: missing },
    },
    'DELETE /api/products/{id}/images/{imageId}': {
      summary: 'Remove a picture',
      for: 'user',
      answers: { 204: null, 400: missing, 404: missing },
    },
    'PUT /api/products/{id}/categories/{categoryId}': {
      summary: 'Put a product into a category',
      for: 'user',
      body: input({ position: whole }),
      answers: {
        200: object({ product_id: id, category_id: id, position: whole }),
        400: missing,
        404: missing,
        422: invalid,
      },
    },
    'DELETE /api/products/{id}/categories/{categoryId}': {
      summary: 'Take a product out of a category',
      for: 'user',
      answers: { 204: null, 400: missing, 404: missing },
    },
    'GET /api/categories': {
      summary: 'The category tree',
      answers: { 200: list(ref('CategoryNode')) },
    },
    'POST /api/categories': {
      summary: 'A new category',
      for: 'user',
      body: input(categoryFields, ['slug', 'name']),
      answers: { 201: ref('Category'), 409: conflict, 422: invalid },
    },
    'GET /api/categories/{id}': {
      summary: 'One category',
      answers: { 200: ref('Category'), 400: missing, 404: missing },
    },
    'PATCH /api/categories/{id}': {
      summary: 'Change a category',
      for: 'user',
      body: input(categoryFields),
      answers: { 200: ref('Category'), 400: missing, 404: missing, 409: conflict, 422: invalid },
    },
  },
};
