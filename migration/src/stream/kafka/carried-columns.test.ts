import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { carriedTables, readColumns } from './carried-columns.ts';

test('what a mapping reads of either side is carried: columns, conditions, and the JSON that fields are in', () => {
  const definition: Pick<MigrationDefinition, 'tables'> = {
    tables: [
      {
        monolith: 'things',
        key: ['tenant', 'id'],
        where: { kind: 'a' },
        service: [
          {
            table: 'items',
            columns: {
              tenant: 'tenant',
              id: { to: 'number' },
              city: { to: 'place', field: ['city'] },
              zip: { to: 'place', field: ['post', 'zip'] },
            },
            fields: [
              { from: 'doc', field: ['name'], to: 'name' },
              { from: 'doc', field: ['size', 'w'], to: 'width' },
            ],
          },
          { table: 'own.more', columns: { tenant: 'tenant', id: 'id', note: 'note' } },
        ],
      },
    ],
  };
  const key = ['tenant', 'id'];
  expect(carriedTables(definition as MigrationDefinition)).toEqual({
    forward: [
      {
        schema: 'public',
        table: 'things',
        key,
        columns: [...key, 'city', 'zip', 'doc', 'note', 'kind'],
      },
    ],
    reverse: [
      {
        schema: 'public',
        table: 'items',
        columns: ['tenant', 'number', 'place', 'name', 'width'],
      },
      { schema: 'own', table: 'more', columns: [...key, 'note'] },
    ],
  });
});

test('of a table with several mappings all that any of them reads is carried, and another table is read whole', () => {
  const place = { schema: 'public', table: 'things' };
  const read = readColumns([
    { ...place, columns: ['id', 'kind', 'doors'] },
    { schema: 'public', table: 'more', columns: ['id'] },
    { ...place, columns: ['id', 'kind', 'sails'] },
  ]);
  expect([...(read.get('public.things') ?? [])]).toEqual(['id', 'kind', 'doors', 'sails']);
  expect([...read.keys()]).toEqual(['public.things', 'public.more']);
});
