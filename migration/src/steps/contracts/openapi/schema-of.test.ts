import { expect, test } from '@jest/globals';
import { jsonOf, type JsonValue } from '../record/json-values.ts';
import { schemaOf, type SchemaNote } from './schema-of.ts';

const of = (...texts: string[]) => {
  const notes: SchemaNote[] = [];
  return {
    schema: schemaOf(
      texts.map((text) => jsonOf(text) as JsonValue),
      notes,
    ),
    notes,
  };
};

test('what was always there is required, what was null or absent now and then may be', () => {
  expect(
    of('{"id":1,"price":"1.50","gone":null,"note":"a"}', '{"id":2,"price":"2.00","gone":null}'),
  ).toEqual({
    schema: {
      type: 'object',
      properties: {
        id: { type: 'integer' },
        price: { type: 'string', pattern: '^-?\\d+\\.\\d{2}$' },
        gone: {},
        note: { type: 'string' },
      },
      required: ['id', 'price', 'gone'],
    },
    notes: [{ at: '$.gone', note: 'always null: what else it may be is not known' }],
  });
  expect(of('null', '1.0').schema).toEqual({ type: ['number', 'null'] });
});

test('several kinds are all of them; lists say what they hold, and when nobody has seen it', () => {
  expect(of('1', '"x"', 'null').schema).toEqual({
    anyOf: [{ type: 'integer' }, { type: 'string' }, { type: 'null' }],
  });
  expect(of('[[],["2026-01-02"]]').schema).toEqual({
    type: 'array',
    items: { type: 'array', items: { type: 'string', format: 'date' } },
  });
  expect(of('[]')).toEqual({
    schema: { type: 'array', items: {} },
    notes: [{ at: '$', note: 'always empty' }],
  });
});

test('words of an enum are told, null among them; keys that may be data are left out', () => {
  const words = ['open', 'closed', 'open', 'closed', 'open', 'closed', 'open', 'closed'];
  expect(of(`[${words.map((word) => `{"state":"${word}"}`).join()},{"state":null}]`)).toMatchObject(
    {
      schema: {
        items: {
          properties: { state: { type: ['string', 'null'], enum: ['closed', 'open', null] } },
        },
      },
      notes: [{ at: '$[*].state', note: 'taken for an enum: ^(?:closed|open)$' }],
    },
  );
  for (const key of [
    'anna@example.org',
    '4711',
    '0b9f8e52-7c1d-4e7e-9a55-3f0f6a1c2d3e',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  ])
    expect(of(JSON.stringify({ [key]: 1 }))).toEqual({
      schema: { type: 'object', properties: {} },
      notes: [{ at: '$.*', note: 'names that may be data are left out' }],
    });
  const names = ['line2', 'x-request-id', 'addressLine1Text', 'iso8601Timestamp', 'sha256'];
  const said = of(JSON.stringify(Object.fromEntries(names.map((name) => [name, true]))));
  expect(said.schema).toMatchObject({ required: names });
});

test('a time is date-time where RFC 3339 has it so, else a pattern', () => {
  expect(of('"2026-01-02T03:04:05Z"').schema).toEqual({ type: 'string', format: 'date-time' });
  expect(of('"2026-01-02 03:04:05"').schema).toMatchObject({ pattern: expect.anything() });
});
