import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, TableMapping } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { columnCatalog as column, tableCatalog } from '../../test/support/table-catalog.ts';
import { compileMapping } from './compile-mapping.ts';
import { sharedSql } from './row-condition.ts';
import { sharedTables } from './shared-tables.ts';

const table = (
  name: string,
  columns: Readonly<Record<string, string>>,
  key: readonly string[],
  more: Partial<TableCatalog> = {},
): TableCatalog => {
  const all = Object.entries(columns).map(([one, type]) => column(one, type));
  return tableCatalog(name, all, { key, ...more });
};
const mapping = (monolith: string, constants?: Record<string, string | null>): TableMapping => ({
  monolith,
  service: [{ table: 'vehicles', columns: { id: 'id' }, ...(constants && { constants }) }],
});
const compile = (
  mappings: readonly TableMapping[],
  vehicles = table('vehicles', { id: 'bigint', kind: 'text' }, ['kind', 'id']),
) =>
  compileMapping(
    { context: 'fleet', data: 'replicated', tables: mappings } as unknown as MigrationDefinition,
    ['cars', 'boats', 'carts'].map((name) => table(name, { id: 'bigint' }, ['id'])),
    [vehicles],
  );
const kinds = [
  mapping('cars', { kind: 'car' }),
  mapping('boats', { kind: 'boat' }),
  mapping('carts', { kind: 'cart' }),
];
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });

describe('several mappings fill one table', () => {
  test('each knows its own rows, and the first one those of the others', () => {
    const shared = compile(kinds).tables.map(({ parts }) => parts[0].shared);
    expect(shared.map((one) => one?.where)).toEqual([
      { kind: 'car' },
      { kind: 'boat' },
      { kind: 'cart' },
    ]);
    expect(shared.map((one) => one?.unique)).toEqual(Array(3).fill(['id', 'kind']));
    expect(shared.map(sharedSql)).toEqual([
      `("kind" IN ('boat')) IS NOT TRUE AND ("kind" IN ('cart')) IS NOT TRUE`,
      `"kind" IN ('boat')`,
      `"kind" IN ('cart')`,
    ]);
    expect(sharedSql(undefined)).toBe('true');
  });

  test('a table of one mapping is not shared, whatever its constants', () => {
    expect(sharedTables({ tables: kinds.slice(0, 1) })).toEqual(new Map());
    expect(
      compile(kinds.slice(0, 1), table('vehicles', { id: 'bigint', kind: 'text' }, ['id']))
        .tables[0]?.parts[0].shared,
    ).toBeUndefined();
  });

  test('the key that two of them could have is refused, with what it lacks', () =>
    expect(() => compile(kinds, table('vehicles', { id: 'bigint', kind: 'text' }, ['id']))).toThrow(
      refusal(
        /tables\[0\]\.service\[0\]\.table: .*can have one key: kind is not in its primary key \(id\)/,
      ),
    ));

  test.each<[string, readonly TableMapping[]]>([
    ['the same constants', [mapping('cars', { kind: 'car' }), mapping('boats', { kind: 'car' })]],
    ['no constants', [mapping('cars'), mapping('boats')]],
    ['a constant that one lacks', [mapping('cars', { kind: 'car' }), mapping('boats')]],
  ])('%s: refused with both lines', (_what, mappings) =>
    expect(() =>
      compile(mappings, table('vehicles', { id: 'bigint', kind: 'text' }, ['id'])),
    ).toThrow(
      refusal(
        /tables\[1\]\.service\[0\]: service table public\.vehicles is mapped already at .*tables\[0\]/,
      ),
    ),
  );

  test('a column of which server and worker could judge differently is refused by its line', () =>
    expect(() =>
      compile(kinds, table('vehicles', { id: 'bigint', kind: 'character(4)' }, ['kind', 'id'])),
    ).toThrow(refusal(/tables\[0\]\.service\[0\]\.constants\.kind: .*a condition is over/)));
});
