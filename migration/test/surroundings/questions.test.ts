import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import { isOpen, lookAround } from '../../src/surroundings/index.ts';
import { type Pair, testPair } from '../replica/pair.ts';

const one = (table: string, columns: readonly string[], rest: Partial<TableMapping> = {}) => ({
  monolith: table,
  service: [
    { table, columns: Object.fromEntries(columns.map((column) => [column, column])) },
  ] as const,
  ...rest,
});

let pair: Pair;
beforeAll(async () => {
  pair = await testPair(
    'questions',
    `CREATE SEQUENCE shared;
     CREATE TABLE plain (id int PRIMARY KEY);
     CREATE TABLE drawn (id serial PRIMARY KEY);
     CREATE TABLE shared_with_others (id bigint DEFAULT nextval('shared') PRIMARY KEY);
     CREATE TABLE stranger (id bigint DEFAULT nextval('shared') PRIMARY KEY);
     CREATE TABLE parent (id bigserial PRIMARY KEY);
     CREATE TABLE child (parent_id bigint REFERENCES parent, line int, PRIMARY KEY (parent_id, line));
     CREATE TABLE named (id uuid PRIMARY KEY);
     CREATE TABLE decided (id bigint PRIMARY KEY);`,
    `CREATE TABLE plain (id int PRIMARY KEY);
     CREATE TABLE drawn (id int PRIMARY KEY);
     CREATE TABLE shared_with_others (id bigserial PRIMARY KEY);
     CREATE TABLE parent (id bigserial PRIMARY KEY);
     CREATE TABLE child (parent_id bigint REFERENCES parent, line int, PRIMARY KEY (parent_id, line));
     CREATE TABLE named (id uuid PRIMARY KEY);
     CREATE TABLE decided (id bigserial PRIMARY KEY);`,
    [
      one('plain', ['id']),
      one('drawn', ['id']),
      one('shared_with_others', ['id']),
      one('parent', ['id']),
      one('child', ['parent_id', 'line']),
      one('named', ['id']),
      one('decided', ['id'], { ids: { id: { monolith: 'shared' } } }),
    ],
  );
});
afterAll(() => pair.close());

test('a key with neither sequence nor decision is a question, on the side where nothing tells', async () => {
  const { definition, monolith, service } = pair;
  const found = (await lookAround(definition, monolith.client, service.client))
    .filter(isOpen)
    .filter(({ about }) => about.startsWith('key '));
  expect(
    found.map(({ about, problem }) => [about, problem.replace(/,.*| also feeds.*/, '')]),
  ).toEqual([
    [
      'key plain.id',
      'nothing tells which sequence plain.id of the monolith and plain.id of the service draws from',
    ],
    ['key drawn.id', 'nothing tells which sequence drawn.id of the service draws from'],
    ['key shared_with_others.id', 'its sequence shared of the monolith'],
    ['key child.line', expect.stringContaining('child.line of the monolith and child.line')],
    ['key decided.id', 'its sequence shared of the monolith'],
  ]);
  expect(found.map(({ remedy }) => remedy.split(':')[0])).toEqual([
    'contexts/shop',
    'contexts/shop',
    'contexts/shop',
    'contexts/shop',
    'contexts/shop',
  ]);
  expect(found[1]?.remedy).toContain(
    "tables[1].ids.id: name what new ids are drawn from, { service: '<sequence>' }",
  );
  expect(found[2]?.problem).toContain('stranger.id');
});
