import { describe, expect, test } from '@jest/globals';
import {
  isStranglerError,
  type MigrationDefinition,
  type TableMapping,
} from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { columnCatalog as column, tableCatalog } from '../../test/support/table-catalog.ts';
import { compileMapping } from './compile-mapping.ts';
import { projectBackward, projectForward } from './project.ts';
import { commonType } from './type-compatibility.ts';

const table = (
  name: string,
  columns: ColumnCatalog[],
  more: Partial<TableCatalog> = {},
): TableCatalog => tableCatalog(name, columns, { key: ['id'], ...more });
const products = table('products', [
  column('id', 'bigint', { notNull: true }),
  column('name', 'text'),
  column('status', 'text'),
  column('search', 'tsvector', { generated: true }),
  column('version', 'integer', { notNull: true }),
]);
const goods = table('goods', [
  column('id', 'bigint', { notNull: true }),
  column('title', 'text', { notNull: true }),
  column('state', 'text'),
  column('size', 'integer'),
]);
const leave = { version: { onReturn: { value: '0' }, reason: 'r' } };
const good: TableMapping = {
  monolith: 'products',
  service: [
    {
      table: 'goods',
      columns: { id: 'id', name: 'title', status: { to: 'state', values: { on: 'active' } } },
    },
  ],
  leave,
};
const compile = (mapping: TableMapping, monolith = products, service = goods) => {
  const definition: MigrationDefinition = {
    context: 'catalog',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [mapping],
  };
  return compileMapping(definition, [monolith], [service]);
};
const columns = (columns: TableMapping['service'][0]['columns']): TableMapping => ({
  ...good,
  service: [{ table: 'goods', columns }],
});

describe('compiling a mapping', () => {
  test('makes rows go there and come back the same, and names what stays behind', () => {
    const compiled = compile(good).tables[0]!;
    const there = projectForward(compiled.parts[0], {
      id: '1',
      name: null,
      status: 'on',
      version: '4',
    });
    expect(there).toEqual({ id: '1', title: null, state: 'active' });
    expect(projectBackward(compiled.parts[0], there)).toEqual({
      id: '1',
      name: null,
      status: 'on',
    });
    expect(compiled.leftBehind).toEqual(['version']);
    expect(() => projectForward(compiled.parts[0], { status: 'active' })).toThrow(
      /no entry for 'active'/,
    );
  });

  test('finds tables by their quoted, mixed-case names', () => {
    const odd = table('Order "Lines".v2', products.columns.slice());
    const mapping = { ...good, monolith: 'public."Order ""Lines"".v2"' };
    expect(compile(mapping, odd).tables[0]?.monolith).toBe(odd);
    expect(compile({ ...mapping, monolith: '"Order ""Lines"".v2"' }, odd).tables[0]?.monolith).toBe(
      odd,
    );
    expect(() => compile({ ...good, monolith: 'PRODUCTS' })).toThrow(/no table public.PRODUCTS/);
  });

  test.each<[string, () => unknown, string, string]>([
    [
      'an unknown table',
      () => compile({ ...good, monolith: 'nope' }),
      'TABLE_MISSING',
      'contexts/catalog: tables[0].monolith',
    ],
    [
      'an unknown column',
      () => compile(columns({ id: 'id', nope: 'title' })),
      'COLUMN_MISSING',
      'tables[0].service[0].columns.nope',
    ],
    [
      'types that cannot carry',
      () =>
        compile(
          columns({ id: 'id', name: 'size' }),
          products,
          table('goods', [column('id', 'bigint'), column('size', 'boolean')]),
        ),
      'CONFIG_INVALID',
      'cannot carry both ways',
    ],
    [
      'a generated column',
      () => compile(columns({ id: 'id', name: 'title', search: 'state' })),
      'CONFIG_INVALID',
      'generated column',
    ],
    [
      'a part without the key',
      () => compile(columns({ name: 'title' })),
      'CONFIG_INVALID',
      'key column id',
    ],
    [
      'values that are not one-to-one',
      () =>
        compile(
          columns({ id: 'id', name: 'title', status: { to: 'state', values: { a: 'x', b: 'x' } } }),
        ),
      'CONFIG_INVALID',
      'one-to-one',
    ],
    [
      'a service column nobody fills',
      () => compile(columns({ id: 'id', status: 'state' })),
      'CONFIG_INVALID',
      'goods.title is NOT NULL',
    ],
    [
      'a NOT NULL column left behind in silence',
      () => compile({ ...good, leave: {} }),
      'CONFIG_INVALID',
      'products.version',
    ],
    [
      'a monolith table without replica identity',
      () => compile(good, { ...products, replicaIdentity: 'nothing', identityColumns: [] }),
      'REPLICA_IDENTITY',
      'tables[0].monolith',
    ],
    [
      'a service table without replica identity',
      () => compile(good, products, { ...goods, replicaIdentity: 'nothing', identityColumns: [] }),
      'REPLICA_IDENTITY',
      'tables[0].service[0].table',
    ],
  ])('refuses %s', (_name, work, code, text) => {
    let error: unknown;
    try {
      work();
    } catch (caught) {
      error = caught;
    }
    expect(isStranglerError(error) && error.code).toBe(code);
    expect(isStranglerError(error) && error.message).toContain(text);
  });

  test.each([
    ['character varying(40)', 'text', 'text'],
    ['integer', 'bigint', 'bigint'],
    ['numeric(10,2)', 'numeric(12,2)', 'numeric'],
    ['numeric(10,2)', 'numeric(12,4)', null],
    ['timestamp(3) without time zone', 'timestamp with time zone', 'timestamp with time zone'],
    ['product_status', 'text', 'text'],
    ['boolean', 'text', null],
    ['text[]', 'text', null],
    ['integer[]', 'bigint[]', 'bigint[]'],
  ])('compares %s and %s as %s', (from, to, type) => {
    expect(commonType(from, to)).toBe(type);
    expect(commonType(to, from)).toBe(type);
  });
});
