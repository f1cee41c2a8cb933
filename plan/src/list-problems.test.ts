import { expect, test } from '@jest/globals';
import type { MigrationDefinition, TableMapping } from './migration.ts';
import type { ListMapping, TargetTable } from './table-mapping.ts';
import { alone } from '../test/support/validity.ts';

const list: ListMapping = {
  parent: 'goods',
  column: 'tags',
  key: { good_id: 'id' },
  position: 'place',
  value: 'tag',
};
const rows: TargetTable = {
  table: 'good_tags',
  columns: { id: 'id', product_id: 'good_id', place: 'place', tag: { to: 'tag' } },
  list,
};
const goods: TableMapping = {
  monolith: 'products',
  service: [{ table: 'goods', columns: { id: 'id' } }],
};
const told = (
  changes: Partial<ListMapping>,
  { mapping = {}, more = [goods] }: { mapping?: Partial<TableMapping>; more?: TableMapping[] } = {},
): string =>
  alone(
    {
      context: 'shop',
      data: 'replicated',
      monolith: { url: 'http://m', database: { env: 'SHOP' } },
      service: { url: 'http://s', database: { env: 'ORDERS' } },
      routes: [],
      tables: [
        { monolith: 'tags', service: [{ ...rows, list: { ...list, ...changes } }], ...mapping },
        ...more,
      ],
    } as MigrationDefinition,
    'f.ts',
  );

test('a list of rows that come whole is taken, whatever else its parent has', () => {
  expect(told({})).toBe('valid');
  expect(told({ parent: 'public.goods', first: 0 })).toBe('valid');
});

test.each<[string, string, string]>([
  ['a value that does not come', told({ value: 'label' }), 'list.value "label" must be a column'],
  ['an order that does not come', told({ position: 'n' }), 'list.position "n" must be a column'],
  ['a key that does not come', told({ key: { of: 'id' } }), 'list.key.of "of" must be a column'],
  ['one column twice', told({ value: 'place' }), 'list.value "place" has another part in it'],
  ['no key', told({ key: {} }), 'list.key must name at least one column'],
  ['half a position', told({ first: 0.5 }), 'list.first must be a whole number'],
  ['itself as parent', told({ parent: 'good_tags' }), 'is the table of the rows themselves'],
  ['a parent outside', told({ parent: 'carts' }), '"carts" is no table of the service'],
  ['the key of the parent', told({ column: 'id' }), 'and is not taken apart into rows'],
  [
    'a constant of the parent',
    told(
      {},
      {
        more: [
          {
            ...goods,
            service: [{ table: 'goods', columns: { id: 'id' }, constants: { tags: '{}' } }],
          },
        ],
      },
    ),
    'and is not taken apart into rows',
  ],
  [
    'a field of the parent',
    told(
      {},
      {
        more: [
          {
            ...goods,
            service: [
              {
                table: 'goods',
                columns: { id: 'id' },
                fields: [{ from: 'doc', field: ['tags'], to: 'tags' }],
              },
            ],
          },
        ],
      },
    ),
    'and is not taken apart into rows',
  ],
  [
    'one array twice',
    told({}, { more: [goods, { monolith: 'labels', service: [{ ...rows, table: 'labels' }] }] }),
    'tables[2].service[0].list.column "tags" holds another list already',
  ],
  [
    'rows in parts',
    told({}, { mapping: { service: [rows, { table: 'more', columns: { id: 'id' } }] } }),
    'list needs whole rows',
  ],
  [
    'two writers',
    told({}, { mapping: { append: 'other' } }),
    'list has one writer at a time, so it cannot stand beside append',
  ],
  [
    'a parent of two kinds',
    told(
      {},
      {
        more: ['cars', 'boats'].map((kind) => ({
          monolith: kind,
          service: [{ table: 'goods', columns: { id: 'id' }, constants: { kind } }],
        })),
      },
    ),
    'must each be filled by one mapping',
  ],
])('%s is refused by its line', (_what, said, message) => expect(said).toContain(message));
