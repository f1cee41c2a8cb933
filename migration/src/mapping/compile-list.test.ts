import { describe, expect, test } from '@jest/globals';
import type { ListMapping, MigrationDefinition, TableMapping } from '@strangler-toolkit/plan';
import type { ColumnCatalog, ForeignKeyCatalog, TableCatalog } from '../database/catalog.ts';
import { columnCatalog as column, tableCatalog } from '../../test/support/table-catalog.ts';
import { compileMapping } from './compile-mapping.ts';
import { listsOf } from './compiled-mapping.ts';

type Columns = Readonly<Record<string, string | Partial<ColumnCatalog>>>;
const table = (
  name: string,
  columns: Columns,
  key: readonly string[],
  more: Partial<TableCatalog> = {},
): TableCatalog => {
  const all = Object.entries(columns).map(([one, said]) => {
    const { type = 'integer', ...rest } = typeof said === 'string' ? { type: said } : said;
    return column(one, type, { notNull: true, ...rest });
  });
  return tableCatalog(name, all, { key, ...more });
};

const drawn = { type: 'bigint', hasDefault: true, sequence: 'public.ids' };
const array = (type: string, more: Partial<ColumnCatalog> = {}) => ({
  type,
  hasDefault: true,
  ...more,
});
interface Given {
  readonly list?: Partial<ListMapping>;
  readonly mapping?: Partial<TableMapping>;
  readonly columns?: Readonly<Record<string, string>>;
  readonly part?: Partial<TableMapping['service'][0]>;
  readonly monolith?: Columns;
  readonly rows?: Columns;
  readonly ofRows?: Partial<TableCatalog>;
  readonly goods?: Columns;
  readonly ofGoods?: Partial<TableCatalog>;
  readonly data?: string;
}
const compile = (given: Given = {}) =>
  listsOf(
    compileMapping(
      {
        context: 'shop',
        data: given.data ?? 'replicated',
        tables: [
          {
            monolith: 'tags',
            service: [
              {
                table: 'good_tags',
                columns: {
                  id: 'id',
                  product: 'good',
                  place: 'place',
                  tag: 'tag',
                  ...given.columns,
                },
                list: {
                  parent: 'goods',
                  column: 'tags',
                  key: { good: 'id' },
                  position: 'place',
                  value: 'tag',
                  ...given.list,
                },
                ...given.part,
              },
            ],
            ...given.mapping,
          },
          { monolith: 'products', service: [{ table: 'goods', columns: { id: 'id' } }] },
        ],
      } as unknown as MigrationDefinition,
      [
        table(
          'tags',
          { id: 'bigint', product: 'bigint', place: 'integer', tag: 'text', ...given.monolith },
          ['id'],
        ),
        table('products', { id: 'bigint' }, ['id']),
      ],
      [
        table(
          'good_tags',
          { id: drawn, good: 'integer', place: 'integer', tag: 'text', ...given.rows },
          ['id'],
          given.ofRows,
        ),
        table(
          'goods',
          { id: 'bigint', tags: array('text[]'), ...given.goods },
          ['id'],
          given.ofGoods,
        ),
      ],
    ),
  )[0];
const foreignKey = (onDelete?: string): ForeignKeyCatalog => ({
  name: 'good_fk',
  columns: ['good'],
  references: { schema: 'public', table: 'goods', columns: ['id'] },
  ...(onDelete && { onDelete }),
});

describe('what is kept', () => {
  test('arrays of the same type, and jsonb of what comes back from it', () => {
    expect(compile()).toMatchObject({ form: 'array', first: 1, key: [['good', 'id']] });
    expect(compile({ goods: { tags: array('jsonb') } })).toMatchObject({ form: 'jsonb' });
    expect(compile({ list: { first: 0 } })).toMatchObject({ first: 0 });
  });

  test('positions that a sequence gives out are left to it', () => {
    const columns = { id: 'id', product: 'good', tag: 'tag' };
    expect(
      compile({
        list: { position: 'id' },
        part: { columns },
        monolith: { place: array('integer', { notNull: false }) },
        mapping: { leave: { place: { onReturn: 'default', reason: 'unused' } } },
        rows: { place: array('integer') },
      }),
    ).toMatchObject({ position: 'id', first: null });
  });

  test('a foreign key that takes the rows along, and any in what only goes one way', () => {
    expect(compile({ ofRows: { foreignKeys: [foreignKey('CASCADE')] } })).toBeDefined();
    expect(
      compile({
        data: 'reference',
        ofRows: { foreignKeys: [foreignKey()] },
        rows: { id: 'bigint' },
      }),
    ).toBeDefined();
  });
});

test.each<[string, Given, string]>([
  [
    'NULL and no rows',
    { goods: { tags: array('text[]', { notNull: false }) } },
    'list.column: public.goods.tags must be NOT NULL and not generated',
  ],
  [
    'another type',
    { goods: { tags: array('integer[]') } },
    'is integer[], which does not hold every text',
  ],
  [
    'a length',
    { goods: { tags: array('character varying(3)[]') } },
    'which does not hold every text',
  ],
  [
    'json, which keeps blanks',
    { goods: { tags: array('json') } },
    'is json, which does not hold every text',
  ],
  [
    'numbers that JSON writes otherwise',
    { goods: { tags: array('jsonb') }, monolith: { tag: 'numeric' }, rows: { tag: 'numeric' } },
    'does not hold every numeric',
  ],
  [
    'arrays of arrays',
    { goods: { tags: array('text[]') }, monolith: { tag: 'text[]' }, rows: { tag: 'text[]' } },
    'does not hold every text[]',
  ],
  [
    'no order',
    { rows: { place: { type: 'integer', notNull: false } } },
    'list.position: public.good_tags.place (integer, may be NULL) gives rows no order',
  ],
  [
    'fractions as order',
    { list: { position: 'tag', value: 'place' } },
    'public.good_tags.tag (text) gives rows no order',
  ],
  [
    'half a key',
    { ofGoods: { primaryKey: ['id', 'tenant'] }, goods: { tenant: 'bigint' } },
    'must be its primary key',
  ],
  [
    'another key',
    { list: { key: { good: 'tags' } } },
    'list.key: must name the key of public.goods (id)',
  ],
  [
    'a key of another type',
    { rows: { good: 'text' } },
    'list.key.good: is text, and id of the parent is bigint',
  ],
  [
    'more than an element',
    { columns: { by: 'by' }, monolith: { by: 'text' }, rows: { by: 'text' } },
    'list: public.good_tags.by is mapped, and the array does not hold it',
  ],
  [
    'ids from nowhere',
    { rows: { id: 'bigint' } },
    'public.good_tags.id is in the key of the rows, and nothing gives it',
  ],
  [
    'what stays behind unsaid',
    { monolith: { at: { type: 'date', notNull: false } } },
    'tables[0].leave: public.tags.at stays behind',
  ],
  [
    'a foreign key that forbids',
    { ofRows: { foreignKeys: [foreignKey()] } },
    'foreign key good_fk of public.good_tags forbids',
  ],
  ['partitions', { ofRows: { kind: 'partitioned' } }, 'public.good_tags is partitioned'],
  ['a partitioned parent', { ofGoods: { kind: 'partitioned' } }, 'public.goods is partitioned'],
])('%s: refused by name', (_what, given, message) =>
  expect(() => compile(given)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message) }),
  ),
);

test('what a column that is not there is called is told with the line', () =>
  expect(() => compile({ list: { column: 'labels' } })).toThrow(
    expect.objectContaining({
      code: 'COLUMN_MISSING',
      message: expect.stringContaining(
        'contexts/shop: tables[0].service[0].list.column: public.goods',
      ),
    }),
  ));

test('what stays behind with a decision is taken', () =>
  expect(
    compile({
      monolith: { at: { type: 'date', notNull: false } },
      mapping: { leave: { at: { onReturn: 'default', reason: 'nobody reads it' } } },
    }),
  ).toBeDefined());
