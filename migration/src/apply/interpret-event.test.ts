import { describe, expect, test } from '@jest/globals';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { compileMapping } from '../mapping/compile-mapping.ts';
import type { ChangeEvent, Operation, Row } from '../stream/change-event.ts';
import { createInterpreter } from './interpret-event.ts';
import { isKeyed, keyText, touchedKeys } from './row-change.ts';

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

  test('a change of the key that the mapping cannot carry waits under both keys', () => {
    const moved = event('u', 'goods', { goods_id: '6', state: 'on' });
    const changes = reverse([{ ...moved, before: { goods_id: '5', state: 'active' } }]);
    expect(changes).toMatchObject([{ kind: 'invalid', key: { id: '6' } }]);
    expect(changes.filter(isKeyed).flatMap((change) => touchedKeys(change))).toEqual([
      keyText(0, { id: '5' }),
      keyText(0, { id: '6' }),
    ]);
  });

  test('a row whose old value the mapping cannot carry is corrected, moved and deleted all the same', () => {
    const before = { goods_id: '5', state: 'on' };
    const changed = (after: Row): ChangeEvent => ({ ...event('u', 'goods', after), before });
    expect(
      reverse([
        changed({ goods_id: '5', state: 'active' }),
        changed({ goods_id: '6', state: 'active' }),
        { ...event('d', 'goods', null), before },
      ]),
    ).toMatchObject([
      { kind: 'patch', key: { id: '5' }, row: { status: 'on' } },
      { kind: 'rekey', key: { id: '6' }, oldKey: { id: '5' }, row: { status: 'on' } },
      { kind: 'delete', key: { id: '5' } },
    ]);
  });

  test('tables of one name in two schemas are two, also as neighbours', () => {
    const ours = event('u', 'goods', { goods_id: '5', state: 'active' });
    const foreign = { ...ours, source: { ...ours.source, schema: 'archive' } };
    expect(reverse([ours, foreign])).toHaveLength(1);
    expect(reverse([foreign, ours])).toHaveLength(1);
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

describe('each event as changes of the monolith', () => {
  const forward = createInterpreter(mapping, 'forward');
  const changed = (op: Operation, name: string, before: Row | null, after: Row | null) => ({
    ...event(op, name, after),
    before,
  });
  const whole = { id: '5', status: 'on', text: 'long' };
  const goods = { goods_id: '5', state: 'active' };
  const details = { of_goods: '5', body: 'long' };
  const key = { id: '5' };

  test.each<[string, ChangeEvent, object[]]>([
    [
      'created',
      event('c', 'products', whole),
      [{ kind: 'put', key, row: whole, fresh: false, created: true }],
    ],
    [
      'copied',
      event('r', 'products', whole),
      [{ kind: 'put', key, row: whole, fresh: false, created: false }],
    ],
    [
      'written whole',
      event('u', 'products', whole),
      [{ kind: 'put', key, row: whole, fresh: false }],
    ],
    [
      'written in part: the rest was an unchanged long value',
      event('u', 'products', { id: '5', status: 'off' }),
      [{ kind: 'patch', key, row: { id: '5', status: 'off' }, lenient: false }],
    ],
    [
      'written in part with the whole old row known',
      changed('u', 'products', whole, { id: '5', status: 'off' }),
      [{ kind: 'put', key, row: { ...whole, status: 'off' } }],
    ],
    [
      'moved to another key',
      changed('u', 'products', { id: '4' }, whole),
      [{ kind: 'rekey', key, oldKey: { id: '4' }, row: whole, complete: true }],
    ],
    [
      'moved, in part',
      changed('u', 'products', { id: '4' }, { id: '5', status: 'on' }),
      [{ kind: 'rekey', key, oldKey: { id: '4' }, complete: false }],
    ],
    ['deleted', changed('d', 'products', key, null), [{ kind: 'delete', key }]],
    ['truncated', event('t', 'products', null), [{ kind: 'truncate' }]],
    ['of a table that is not mapped', event('c', 'others', whole), []],
  ])('monolith: %s', (_name, one, expected) => {
    const changes = forward([one]);
    expect(changes).toMatchObject(expected);
    expect(changes).toHaveLength(expected.length);
    for (const change of changes)
      expect(change).toMatchObject({ table: 0, transaction: 7n, events: [one] });
  });

  test.each<[string, ChangeEvent, object[]]>([
    [
      'the first part created',
      event('c', 'goods', goods),
      [{ kind: 'put', key, row: { id: '5', status: 'on' }, created: true }],
    ],
    [
      'the first part written',
      event('u', 'goods', goods),
      [{ kind: 'patch', key, row: { id: '5', status: 'on' }, lenient: false }],
    ],
    [
      'the first part moved',
      changed('u', 'goods', { goods_id: '4' }, goods),
      [{ kind: 'rekey', key, oldKey: { id: '4' }, complete: false }],
    ],
    [
      'the first part deleted',
      changed('d', 'goods', { goods_id: '5' }, null),
      [{ kind: 'delete', key }],
    ],
    [
      'a further part created',
      event('c', 'details', details),
      [{ kind: 'patch', key, row: { id: '5', text: 'long' }, lenient: false }],
    ],
    [
      'a further part copied',
      event('r', 'details', details),
      [{ kind: 'patch', key, lenient: false }],
    ],
    [
      'a further part written',
      event('u', 'details', details),
      [{ kind: 'patch', key, lenient: false }],
    ],
    [
      'a further part deleted',
      changed('d', 'details', { of_goods: '5' }, null),
      [{ kind: 'patch', key, row: { id: '5', text: null }, lenient: true }],
    ],
    [
      'a further part moved',
      changed('u', 'details', { of_goods: '4' }, details),
      [
        { kind: 'patch', key: { id: '4' }, row: { id: '4', text: null }, lenient: true },
        { kind: 'patch', key, row: { id: '5', text: 'long' }, lenient: false },
      ],
    ],
    [
      'a further part truncated',
      event('t', 'details', null),
      [{ kind: 'clear', columns: ['text'] }],
    ],
    ['the first part truncated', event('t', 'goods', null), [{ kind: 'truncate' }]],
  ])('service: %s', (_name, one, expected) => {
    const changes = reverse([one]);
    expect(changes).toMatchObject(expected);
    expect(changes).toHaveLength(expected.length);
    for (const change of changes)
      expect(change).toMatchObject({ table: 0, transaction: 7n, events: [one] });
  });

  const text = (value: string | null): Buffer => {
    if (value === null) return Buffer.from('n');
    const head = Buffer.alloc(5);
    head.write('t');
    head.writeUInt32BE(Buffer.byteLength(value), 1);
    return Buffer.concat([head, Buffer.from(value)]);
  };
  const sent = (row: Row): ChangeEvent => {
    const bytes = Buffer.concat(Object.values(row).map(text));
    const encoded = { columns: Object.keys(row), bytes, at: 0, size: bytes.length };
    return { ...event('c', 'products', row), encoded };
  };

  test('a row that was made is handed on as it came, known by its key', () => {
    const row = { text: null, status: 'on', more: 'not mapped', id: '5' };
    const [change] = forward([sent(row)]);
    expect(change).toMatchObject({ kind: 'put', key, fresh: false, created: true, row });
    expect(change).toMatchObject({ encoded: { columns: Object.keys(row) }, transaction: 7n });
    const [empty] = forward([{ ...sent(row), after: null }]);
    expect(empty).toMatchObject({ row: {} });
    const [first, second] = forward([sent(row), sent({ id: '6', status: 'on', text: 'x' })]);
    expect([first, second]).toMatchObject([{ key }, { key: { id: '6' } }]);
  });

  test('… without a look into it', () => {
    const looked = Object.defineProperty(sent({ id: '5', status: 'on', text: 'x' }), 'after', {
      get: () => {
        throw new Error('somebody read the row');
      },
    });
    expect(forward([looked])).toHaveLength(1);
  });

  test('… and read when it lacks a mapped column, or the service made it', () => {
    expect(() => forward([sent({ id: '5', status: 'on' })])).toThrow(
      expect.objectContaining({ code: 'SCHEMA_CHANGED' }),
    );
    const made = { ...event('c', 'goods', goods), encoded: sent(goods).encoded };
    expect(reverse([made])).toMatchObject([{ kind: 'put', row: { id: '5', status: 'on' } }]);
    expect(reverse([made])[0]).not.toHaveProperty('encoded');
  });

  test('the parts of one row, made in one transaction, are one row', () => {
    const changes = reverse([event('c', 'goods', goods), event('c', 'details', details, 1)]);
    expect(changes).toMatchObject([{ kind: 'put', row: whole }]);
    expect(changes).toHaveLength(1);
  });

  test('events of several tables in turn are each read by their own', () => {
    expect(
      forward([
        event('c', 'others', whole),
        event('c', 'products', whole),
        event('c', 'others', whole),
        {
          ...event('c', 'products', whole),
          source: { ...event('c', 'x', null).source, schema: 'old' },
        },
        event('c', 'products', { ...whole, id: '6' }),
      ]).map((change) => isKeyed(change) && change.key),
    ).toEqual([key, { id: '6' }]);
  });

  test.each<[string, ChangeEvent]>([
    ['created', event('c', 'products', { id: '5', status: 'on' })],
    ['copied', event('r', 'products', { id: '5', text: 'x' })],
    ['written without its key', event('u', 'products', { status: 'on', text: 'x' })],
    ['deleted without its key', changed('d', 'products', null, null)],
  ])('a mapped column that a row no longer has ends the stream: %s', (_name, one) =>
    expect(() => forward([one])).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_CHANGED',
        message: expect.stringContaining('public.products'),
      }),
    ),
  );

  test('only a truncate of the same table in the same transaction makes a clear needless', () => {
    const clear = event('t', 'details', null);
    const later = { ...event('t', 'goods', null), position: { commitLsn: 8n, index: 0 } };
    const kinds = (...events: ChangeEvent[]) => reverse(events).map(({ kind }) => kind);
    expect(kinds(clear, later)).toEqual(['clear', 'truncate']);
    expect(kinds(clear, event('c', 'goods', goods), event('t', 'goods', null))).toEqual([
      'clear',
      'put',
      'truncate',
    ]);
    expect(kinds(event('t', 'goods', null), clear)).toEqual(['truncate', 'clear']);
  });
});
