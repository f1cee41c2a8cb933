/** What this service promises of itself. A test holds its answers to every pact against this document. */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer' };
const rowId: Schema = { type: 'string', pattern: '^[0-9]+$' };
const amount: Schema = { type: 'string', pattern: '^-?[0-9]+\\.[0-9]{2}$' };
const moment: Schema = { type: 'string', format: 'date-time' };
const state: Schema = { type: 'string', enum: ['draft', 'active', 'discontinued'] };
const optional = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const several = (items: Schema): Schema => ({ type: 'array', items });
const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
/** Everything is there, and nothing else. */
const exactly = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** What a client may send. */
const fields = (properties: Readonly<Record<string, Schema>>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});

const reference = exactly({ id: rowId, slug: text, name: text });
const optionalFields = {
  weight: optional(text),
  external_ref: optional({ type: 'string', format: 'uuid' }),
  releasedOn: optional({ type: 'string', format: 'date' }),
};
const summary = {
  id: rowId,
  sku: text,
  name: text,
  price: amount,
  currency: optional(text),
  status: state,
  tags: several(text),
  ...optionalFields,
  created_at: moment,
  updatedAt: moment,
};
const image = {
  id: rowId,
  filename: text,
  contentType: text,
  sha256: text,
  alt_text: optional(text),
  url: text,
};
const category = { slug: text, name: text, parentId: optional(rowId), position: whole };
const product = {
  sku: text,
  name: text,
  description: optional(text),
  price: text,
  currency: optional(text),
  status: state,
  attributes: { type: 'object' },
  tags: several(text),
  ...optionalFields,
};

const schemas: Readonly<Record<string, Schema>> = {
  Refusal: fields({ error: text, message: text }, 'error'),
  Conflict: exactly({ error: text, field: text }),
  Problems: exactly({ errors: several(exactly({ field: text, message: text })) }),
  ProductSummary: exactly(summary),
  Product: exactly({
    ...summary,
    description: optional(text),
    attributes: { type: 'object' },
    categories: several(reference),
    images: several(named('Image')),
  }),
  Image: exactly(image),
  Category: exactly({ id: rowId, ...category, product_count: whole, path: several(reference) }),
  CategoryNode: exactly({
    id: rowId,
    slug: text,
    name: text,
    position: whole,
    children: several(named('CategoryNode')),
  }),
};

interface Operation {
  /** Needs a bearer token. */
  readonly forUsers?: boolean;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  readonly upload?: Schema;
  /** By status: a schema of JSON, null for no body, a word for another media type. */
  readonly answers: Readonly<Record<number, Schema | string | null>>;
}
const refused = named('Refusal');
const ofOne = { 400: refused, 404: refused };
const checked = { 409: named('Conflict'), 422: named('Problems') };

const operations: Readonly<Record<string, Operation>> = {
  'GET /api/products': {
    query: {
      ...{ page: whole, per_page: whole, sort: text, q: text, category: text, tag: text },
      ...{ status: state, min_price: text, max_price: text },
    },
    answers: {
      200: exactly({
        items: several(named('ProductSummary')),
        ...{ total: whole, page: whole, per_page: whole },
      }),
      400: refused,
    },
  },
  'POST /api/products': {
    forUsers: true,
    body: fields({ ...product, categoryIds: several(rowId) }, 'sku', 'name', 'price'),
    answers: { 201: named('Product'), 400: refused, ...checked },
  },
  'GET /api/products/{id}': { answers: { 200: named('Product'), 304: null, ...ofOne } },
  'PATCH /api/products/{id}': {
    forUsers: true,
    body: fields(product),
    answers: { 200: named('Product'), ...ofOne, ...checked },
  },
  'DELETE /api/products/{id}': { forUsers: true, answers: { 204: null, ...ofOne } },
  'POST /api/products/{id}/adjust-price': {
    forUsers: true,
    body: fields({ delta: text }, 'delta'),
    answers: {
      200: exactly({ id: rowId, price: amount, currency: optional(text) }),
      ...ofOne,
      422: named('Problems'),
    },
  },
  'GET /api/products/{id}/price-history': {
    answers: {
      200: exactly({
        product_id: rowId,
        entries: several(
          exactly({
            revision: whole,
            oldPrice: optional(amount),
            newPrice: amount,
            changedAt: moment,
          }),
        ),
      }),
      ...ofOne,
    },
  },
  'GET /api/products/{id}/images': { answers: { 200: several(named('Image')), ...ofOne } },
  'POST /api/products/{id}/images': {
    forUsers: true,
    upload: fields({ image: { type: 'string', format: 'binary' }, alt_text: text }, 'image'),
    answers: { 201: exactly({ ...image, size: whole }), ...ofOne, 413: refused, 415: refused },
  },
  'GET /api/products/{id}/images/{imageId}': {
    answers: { 200: 'image/png', 304: null, ...ofOne },
  },
  'DELETE /api/products/{id}/images/{imageId}': {
    forUsers: true,
    answers: { 204: null, ...ofOne },
  },
  'PUT /api/products/{id}/categories/{categoryId}': {
    forUsers: true,
    body: fields({ position: whole }),
    answers: {
      200: exactly({ product_id: rowId, category_id: rowId, position: whole }),
      ...ofOne,
      422: named('Problems'),
    },
  },
  'DELETE /api/products/{id}/categories/{categoryId}': {
    forUsers: true,
    answers: { 204: null, ...ofOne },
  },
  'GET /api/categories': { answers: { 200: several(named('CategoryNode')) } },
  'POST /api/categories': {
    forUsers: true,
    body: fields(category, 'slug', 'name'),
    answers: { 201: named('Category'), 400: refused, ...checked },
  },
  'GET /api/categories/{id}': { answers: { 200: named('Category'), 304: null, ...ofOne } },
  'PATCH /api/categories/{id}': {
    forUsers: true,
    body: fields(category),
    answers: { 200: named('Category'), ...ofOne, ...checked },
  },
};

const content = (type: string, schema: Schema): object => ({ content: { [type]: { schema } } });

function described(path: string, { forUsers, query, body, upload, answers }: Operation): object {
  const everyAnswer = { ...answers, 401: refused, 503: refused };
  return {
    ...(forUsers && { security: [{ bearer: [] }] }),
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        ...{ name, in: 'path', required: true, schema: text },
      })),
      ...Object.entries(query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema })),
    ],
    ...(body && { requestBody: content('application/json', body) }),
    ...(upload && { requestBody: content('multipart/form-data', upload) }),
    responses: Object.fromEntries(
      Object.entries(everyAnswer).map(([status, answer]) => [
        status,
        {
          description: `answer ${status}`,
          ...(typeof answer === 'string' && content(answer, text)),
          ...(typeof answer === 'object' && answer && content('application/json', answer)),
        },
      ]),
    ),
  };
}

function pathsOf(): Readonly<Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const [key, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = key.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: described(path, operation) };
  }
  return paths;
}

export const openApi: object = {
  openapi: '3.1.0',
  info: {
    title: 'The catalog',
    version: '1.0.0',
    description:
      'A bearer token that is wrong is answered with 401 on every route; 503 while the data changes its owner.',
  },
  paths: pathsOf(),
  components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } }, schemas },
};
