import { describe, expect, test } from '@jest/globals';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { compileMapping } from '../mapping/compile-mapping.ts';
import type { ChangeEvent, Operation, Row } from '../stream/change-event.ts';
import { createInterpreter } from './interpret-event.ts';
import { isKeyed, touchedKeys } from './row-change.ts';

const column = (name: string, type = 'text', more: Partial<ColumnCatalog> = {}): ColumnCatalog => ({
  name,
  type,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: null,
  sequence: null,
  collatable: false,
  enumLabels: null,
  ...more,
});
const table = (name: string, key: string, columns: ColumnCatalog[]): TableCatalog => ({
  schema: 'public',
  table: name,
  kind: 'table',
  columns: [column(key, 'bigint', { notNull: true }), ...columns],
  primaryKey: [key],
  primaryKeyDeferrable: false,
  replicaIdentity: 'default',
  identityColumns: [key],
  estimatedRows: 0,
  pages: 0,
  foreignKeys: [],
});
const mapping = compileMapping(
  {
    context: 'catalog',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [
      {
        monolith: 'products',
        service: [
          {
            table: 'goods',
            columns: { id: 'goods_id', status: { to: 'state', values: { on: 'active' } } },
          },
          { table: 'details', columns: { id: 'of_goods', text: 'body' } },
          { table: 'marks', columns: { id: 'marked' } },
        ],
      },
    ],
  },
  [table('products', 'id', [column('status'), column('text', 'text', { notNull: true })])],
  [
    table('goods', 'goods_id', [column('state')]),
    table('details', 'of_goods', [column('body')]),
    table('marks', 'marked', []),
  ],
);
const reverse = createInterpreter(mapping, 'reverse');
const event = (op: Operation, name: string, after: Row | null, index = 0): ChangeEvent => ({
  op,
  before: null,
  after,
  source: {
    connector: 'postgresql',
    db: 'service',
    schema: 'public',
    table: name,
    txId: 1,
    lsn: 1n,
    ts_us: 0n,
  },
  position: { commitLsn: 7n, index },
});

describe('interpreting what the service changed', () => {
  test('a change that the mapping cannot carry has the key that later changes of its row have', () => {
    const [refused] = reverse([event('u', 'goods', { goods_id: '5', state: 'on' })]);
    const [later] = reverse([event('u', 'goods', { goods_id: '5', state: 'active' })]);
    expect(refused?.kind).toBe('invalid');
    expect(refused && isKeyed(refused) && touchedKeys(refused)).toEqual(
      later && isKeyed(later) && touchedKeys(later),
    );
  });

  test('a truncate of all parts empties the table, in whichever order it names them', () => {
    expect(
      reverse([
        event('t', 'details', null),
        event('t', 'marks', null, 1),
        event('t', 'goods', null, 2),
      ]).map(({ kind }) => kind),
    ).toEqual(['truncate']);
    expect(reverse([event('t', 'details', null)]).map(({ kind }) => kind)).toEqual(['clear']);
    expect(reverse([event('t', 'marks', null)])).toEqual([]);
  });
});
