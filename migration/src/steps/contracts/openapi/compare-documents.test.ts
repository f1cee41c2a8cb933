import { describe, expect, test } from '@jest/globals';
import { compareDocuments } from './compare-documents.ts';
import type { Json } from './document.ts';

const object = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: 'object',
  properties,
  required,
});
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } });
const product = object({
  id: { type: 'string', pattern: '^\\d+$' },
  price: { type: 'string' },
  note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  status: { type: 'string', enum: ['draft', 'active'] },
  tags: { type: 'array', items: { type: 'string' } },
});
interface Parts {
  readonly answer?: Json;
  readonly request?: Json;
  readonly statuses?: Json;
  readonly operation?: Json;
}
const documentOf = ({ answer = product, request, statuses, operation }: Parts = {}): Json => ({
  openapi: '3.1.0',
  paths: {
    '/products/{id}': {
      put: {
        parameters: [{ in: 'query', name: 'q' }],
        requestBody: json(request ?? object({ name: { type: 'string' } }, [])),
        responses: {
          200: json({ $ref: '#/components/schemas/Product' }),
          404: json(object({ error: { type: 'string' } })),
          ...statuses,
        },
        ...operation,
      },
    },
  },
  components: { schemas: { Product: answer } },
});
const breaking = (after: Json): string[] =>
  compareDocuments(documentOf(), after).breaking.map(({ kind, detail }) => `${kind} ${detail}`);
const answering = (changes: Json, required?: readonly string[]): Json =>
  documentOf({ answer: object({ ...(product.properties as Json), ...changes }, required) });

describe('what a client of the first document stumbles over', () => {
  test('nothing, where both say the same, whatever their parameters are called', () => {
    const renamed = JSON.parse(
      JSON.stringify(documentOf()).replace('/products/{id}', '/products/{productId}'),
    ) as Json;
    expect(compareDocuments(documentOf(), renamed)).toEqual({
      compared: ['PUT /products/{}'],
      breaking: [],
    });
  });

  test.each<[string, Json, string[]]>([
    ['a route that is gone', { paths: {} }, ['route-missing not described']],
    [
      'a field that is gone',
      documentOf({ answer: object({ ...(product.properties as Json), price: undefined }) }),
      ['answer-field-missing 200 $.price: there → gone'],
    ],
    [
      'a field that may be absent',
      answering({}, ['id', 'note', 'status', 'tags']),
      ['answer-field-optional 200 $.price: always there → may be absent'],
    ],
    [
      'another type, also within a list',
      answering({ price: { type: 'number' }, tags: { type: 'array', items: { type: 'integer' } } }),
      [
        'answer-type-changed 200 $.price: string → number',
        'answer-type-changed 200 $.tags[]: string → integer',
      ],
    ],
    [
      'null where there was none',
      answering({ price: { type: ['string', 'null'] } }),
      ['answer-type-changed 200 $.price: string → null|string'],
    ],
    [
      'another form of a text',
      answering({ id: { type: 'string', format: 'uuid' } }),
      ['answer-form-changed 200 $.id: ^\\d+$ → uuid'],
    ],
    [
      'a value that nobody knows',
      answering({ status: { type: 'string', enum: ['draft', 'active', 'gone'] } }),
      ['answer-values-changed 200 $.status: active|draft → active|draft|gone'],
    ],
    [
      'a field that is asked for besides',
      documentOf({
        request: object({ name: { type: 'string' }, sku: { type: 'string' } }, ['sku']),
      }),
      ['request-field-required $.sku: may be absent → required'],
    ],
    [
      'a field that is no longer taken',
      documentOf({ request: { ...object({}), additionalProperties: false } }),
      ['request-field-missing $.name: there → gone'],
    ],
    [
      'a status that is gone, and another media type',
      documentOf({
        operation: { responses: { 200: { content: { 'text/html': { schema: product } } } } },
      }),
      ['media-type-missing 200 answer application/json', 'status-missing 404'],
    ],
    [
      'parameters',
      documentOf({
        operation: { parameters: [{ in: 'header', name: 'x-tenant', required: true }] },
      }),
      ['parameter-missing query q', 'parameter-required header x-tenant'],
    ],
  ])('%s', (_what, after, expected) => {
    expect(breaking(after)).toEqual(expected);
  });

  test.each<[string, Json]>([
    ['a field more in an answer', answering({ extra: { type: 'string' } })],
    ['fewer values than before', answering({ status: { type: 'string', enum: ['active'] } })],
    ['never null any more', answering({ note: { type: 'string' } })],
    [
      'a request that may be more than before',
      documentOf({ request: object({ name: { type: ['string', 'null'] } }, []) }),
    ],
    ['a status more', documentOf({ statuses: { 410: json(object({})) } })],
  ])('not over %s', (_what, after) => {
    expect(breaking(after)).toEqual([]);
  });

  test('documents that refer to themselves come to an end', () => {
    const tree = object({
      children: { type: 'array', items: { $ref: '#/components/schemas/Product' } },
    });
    const other = object({ ...(tree.properties as Json), name: { type: 'string' } });
    expect(
      compareDocuments(documentOf({ answer: tree }), documentOf({ answer: other })).breaking,
    ).toEqual([]);
  });
});
