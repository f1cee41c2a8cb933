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
const named = (name: string, schema: object = { type: 'string' }) => ({
  type: 'object',
  properties: { [name]: schema },
});
const composed = {
  all: { allOf: [named('id'), { $ref: '#/components/schemas/Named' }] },
  nested: { allOf: [named('id'), { allOf: [named('name'), named('kind')] }] },
  own: { ...named('id'), allOf: [named('name')] },
  ownAny: { ...named('id'), anyOf: [named('name'), named('kind')] },
  ownOne: { ...named('id'), oneOf: [named('name'), named('age', { type: 'integer' })] },
  allOne: {
    allOf: [{ oneOf: [named('name'), named('age', { type: 'integer' })] }, named('id')],
  },
  open: { allOf: [named('id'), { additionalProperties: { type: 'string' } }] },
  shut: { allOf: [{ ...named('id'), additionalProperties: false }, named('name')] },
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
    '/composed': { get: { responses: { 200: json({ type: 'object', properties: composed }) } } },
    '/forms': {
      get: {
        responses: {
          200: json({
            type: 'object',
            properties: {
              lenient: { type: 'string', pattern: String.raw`^[\w-.]+\_$` },
              foreign: { type: 'string', pattern: '(?<=a)(?i)b++' },
            },
          }),
        },
      },
    },
    '/items/new': { get: { parameters: [{ in: 'query', name: 'page' }], responses: { 200: {} } } },
  },
  components: {
    schemas: {
      Part: { type: 'object', properties: { n: { type: 'integer' } } },
      Named: named('name'),
    },
  },
};

interface Said {
  readonly request?: object;
  readonly response?: object;
}
const held = ({ request, response }: Said) => {
  const interaction = {
    request: { method: 'get', path: '/items/1', ...request },
    response: { status: 200, ...response },
  };
  const pact = JSON.stringify({ interactions: [interaction] });
  return holdPacts(document, [{ consumer: 'web', description: 'an item', kind: 'http', pact }])[0];
};
const differences = (said: Said): readonly string[] | undefined => held(said)?.differences;
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

  const answeredAt = (path: string, content: object): Said => ({
    request: { path },
    response: wrapped(content),
  });

  test.each<[keyof typeof composed, object]>([
    ['all', { id: '1', name: 'a' }],
    ['nested', { id: '1', name: 'a', kind: 'b' }],
    ['own', { id: '1', name: 'a' }],
    ['ownAny', { id: '1', name: 'a' }],
    ['ownAny', { id: '1', name: 'a', kind: 'b' }],
    ['ownOne', { id: '1', age: 1 }],
    ['allOne', { id: '1', age: 1 }],
    ['open', { id: '1', more: 'a' }],
  ])('composed (%s), each part describes its fields: %j', (name, value) => {
    expect(differences(answeredAt('/composed', { [name]: value }))).toEqual([]);
  });

  test.each<[keyof typeof composed, object, string]>([
    ['all', { id: '1', title: 'a' }, '$.all.title is not described'],
    ['all', { id: '1', name: 1 }, '$.all.name is integer, not string'],
    ['own', { id: '1', title: 'a' }, '$.own.title is not described'],
    ['ownAny', { id: '1', title: 'a' }, '$.ownAny.title is not described'],
    ['ownOne', { id: '1', age: 'old' }, '$.ownOne.age is string, not integer'],
    ['allOne', { id: '1', age: 'old' }, '$.allOne.age is string, not integer'],
    ['open', { id: '1', more: 1 }, '$.open.more is integer, not string'],
    ['shut', { id: '1', name: 'a' }, '$.shut.name is not described'],
  ])('composed (%s), but not what no part describes: %j', (name, value, difference) => {
    expect(differences(answeredAt('/composed', { [name]: value }))).toEqual([
      `answer 200: ${difference}`,
    ]);
  });

  test('a pattern of the lenient grammar is held, one of another language is passed over with a word', () => {
    expect(differences(answeredAt('/forms', { lenient: 'a-b._' }))).toEqual([]);
    expect(differences(answeredAt('/forms', { lenient: 'a b' }))).toEqual([
      expect.stringMatching(/lenient is "a b", not of the form/),
    ]);
    expect(held(answeredAt('/forms', { foreign: 'x' }))).toMatchObject({
      differences: [],
      passedOver: [
        '$.foreign is not held against (?<=a)(?i)b++, which is no regular expression here',
      ],
    });
  });

  test('messages are not asked over HTTP', () => {
    const message = { consumer: 'a', description: 'b', kind: 'message', pact: '{}' } as const;
    expect(holdPacts(document, [message])).toEqual([]);
  });
});
