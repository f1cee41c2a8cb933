import { describe, expect, test } from '@jest/globals';
import { holdPacts } from './hold-pacts.ts';

const item = {
  type: 'object',
  properties: {
    id: { type: 'string', pattern: '^[0-9]+$' },
    price: { type: 'number' },
    at: { type: 'string', format: 'date-time' },
    state: { type: 'string', enum: ['open', 'closed'] },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    old: { type: 'string', nullable: true },
    parts: { type: 'array', items: { $ref: '#/components/schemas/Part' } },
    more: { type: 'object' },
  },
  required: ['id', 'price', 'at'],
};
const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const document = {
  openapi: '3.1.0',
  paths: {
    '/items/{id}': {
      get: { responses: { 200: json(item), '4XX': json({ type: 'object' }) } },
      put: { requestBody: json(item), responses: { 204: {}, 422: {} } },
    },
    '/items/file': { get: { responses: { 200: { content: { 'application/json': {} } } } } },
    '/items/new': { get: { parameters: [{ in: 'query', name: 'page' }], responses: { 200: {} } } },
  },
  components: {
    schemas: { Part: { type: 'object', properties: { n: { type: 'integer' } } } },
  },
};

interface Said {
  readonly request?: object;
  readonly response?: object;
}
const differences = ({ request, response }: Said): readonly string[] | undefined => {
  const interaction = {
    request: { method: 'get', path: '/items/1', ...request },
    response: { status: 200, ...response },
  };
  const pact = JSON.stringify({ interactions: [interaction] });
  return holdPacts(document, [{ consumer: 'web', description: 'an item', kind: 'http', pact }])[0]
    ?.differences;
};
const wrapped = (content: unknown) => ({
  body: { content, contentType: 'application/json', encoded: false },
});

describe('an interaction is in a document', () => {
  test.each<[string, Said]>([
    ['with some of the fields of an answer', { response: wrapped({ id: '7' }) }],
    [
      'with a file, whose type the header says',
      {
        response: {
          headers: { 'Content-Type': ['application/json'] },
          body: { content: 'e30=', contentType: '*/*', encoded: 'base64' },
        },
        request: { path: '/items/file' },
      },
    ],
    ['of the versions before 4', { response: { body: { id: '7', price: 2 } } }],
    [
      'with null where it may be, references, and what an open object holds',
      {
        response: wrapped({
          ...{ note: null, old: null, parts: [{ n: 1 }], more: { any: 1 } },
          ...{ state: 'open', at: '2026-01-02T03:04:05Z' },
        }),
      },
    ],
    ['with a status of a range', { response: { status: 404, ...wrapped({ error: 'none' }) } }],
    ['with a query that is described', { request: { path: '/items/new', query: { page: ['1'] } } }],
    [
      'with a request that is meant to be refused',
      { request: { method: 'PUT', ...wrapped({ id: 7 }) }, response: { status: 422 } },
    ],
  ])('%s', (_what, said) => {
    expect(differences(said)).toEqual([]);
  });

  test.each<[string, Said, string]>([
    ['route', { request: { path: '/nothing' } }, 'GET /nothing is not described'],
    ['status', { response: { status: 302 } }, 'answer: the status 302 is not described'],
    [
      'media type',
      { response: { headers: { 'Content-Type': ['text/html; charset=x'] }, body: '<p>' } },
      'answer 200: text/html is not described',
    ],
    ['field', { response: wrapped({ title: 'x' }) }, 'answer 200: $.title is not described'],
    ['type', { response: wrapped({ price: '2' }) }, 'answer 200: $.price is string, not number'],
    ['null', { response: wrapped({ price: null }) }, 'answer 200: $.price is null, not number'],
    [
      'form',
      { response: wrapped({ id: 'x' }) },
      'answer 200: $.id is "x", not of the form ^[0-9]+$',
    ],
    ['format', { response: wrapped({ at: 'now' }) }, 'answer 200: $.at is "now", not a date-time'],
    [
      'value',
      { response: wrapped({ state: 'lost' }) },
      'answer 200: $.state is "lost", not one of "open", "closed"',
    ],
    [
      'type in a list',
      { response: wrapped({ parts: [{ n: 1 }, { n: 1.5 }] }) },
      'answer 200: $.parts[1].n is number, not integer',
    ],
    [
      'parameter',
      { request: { path: '/items/new', query: 'page=1&sort=a' } },
      'request: the parameter sort is not described',
    ],
    [
      'field of a request that is asked for',
      {
        request: { method: 'PUT', ...wrapped({ id: '7', price: 1 }) },
        response: { status: 204 },
      },
      'request: $.at is missing',
    ],
  ])('but not with another %s', (_what, said, difference) => {
    expect(differences(said)).toEqual([difference]);
  });

  test('messages are not asked over HTTP', () => {
    const message = { consumer: 'a', description: 'b', kind: 'message', pact: '{}' } as const;
    expect(holdPacts(document, [message])).toEqual([]);
  });
});
