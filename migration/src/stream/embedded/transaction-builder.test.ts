import { describe, expect, test } from '@jest/globals';
import type { StreamMessage } from '../change-stream.ts';
import { columnKind } from '../encoded-row.ts';
import type { NewTuple, OldTuple, PgoutputMessage, Relation } from './pgoutput-decoder.ts';
import { TransactionBuilder } from './transaction-builder.ts';

const relation: Relation = {
  id: 7,
  schema: 'public',
  table: 'items',
  replicaIdentity: 'index',
  columns: [
    { name: 'id', key: true, typeOid: 20, typeModifier: -1 },
    { name: 'name', key: false, typeOid: 1043, typeModifier: 54 },
  ],
};
const tags: Relation = { ...relation, id: 8, table: 'tags' };
const column = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length);
  return Buffer.concat([Buffer.from([columnKind.text]), length, Buffer.from(text)]);
};
const tuple = (...texts: string[]): NewTuple => {
  const bytes = Buffer.concat(texts.map(column));
  return { bytes, count: texts.length, at: 0, end: bytes.length, whole: true };
};
const key: OldTuple = { kind: 'key', tuple: ['1', null] };
const begin = { kind: 'begin', commitLsn: 100n, commitTime: 5n, xid: 9 } as const;
const commit = { kind: 'commit', commitLsn: 100n, endLsn: 120n, commitTime: 5n } as const;
const insert = (id: string, of = 7): PgoutputMessage => ({
  kind: 'insert',
  relation: of,
  tuple: tuple(id, 'a'),
});

function scene(limits = { events: 100, bytes: 1000 }) {
  const out: [StreamMessage, number][] = [];
  const builder = new TransactionBuilder('shop', limits, (...message) => out.push(message));
  let lsn = 10n;
  const take = (message: PgoutputMessage, size = 1) => builder.take(message, lsn++, size);
  const events = () =>
    out.flatMap(([message]) => (message.kind === 'changes' ? message.events : []));
  return { builder, out, take, events };
}
const described = [
  { kind: 'relation', relation },
  { kind: 'relation', relation: tags },
] as const;

describe('a transaction', () => {
  test('goes on as it came: beginning, tables, rows, end, each with what it weighs', () => {
    const { out, take, builder } = scene();
    expect(builder.inTransaction).toBe(false);
    take(begin, 21);
    expect(builder.inTransaction).toBe(true);
    take(described[0], 40);
    take(insert('1'), 30);
    take(insert('2'), 31);
    expect(out).toHaveLength(2);
    take(commit, 26);
    expect(builder.inTransaction).toBe(false);
    expect(out).toEqual([
      [begin, 0],
      [
        {
          kind: 'relation',
          schema: 'public',
          table: 'items',
          replicaIdentity: 'index',
          columns: [
            { name: 'id', typeOid: 20, typeModifier: -1 },
            { name: 'name', typeOid: 1043, typeModifier: 54 },
          ],
        },
        40,
      ],
      [{ kind: 'changes', events: [expect.anything(), expect.anything()], size: 61 }, 61],
      [commit, 0],
    ]);
  });

  test('tells of each row whose it is, when it happened, and where it stands', () => {
    const { take, events } = scene();
    for (const message of [begin, ...described, insert('1'), insert('2', 8), commit]) take(message);
    expect(
      events().map(({ op, before, after, source, position }) => [
        op,
        before,
        after,
        source,
        position,
      ]),
    ).toStrictEqual(
      ['items', 'tags'].map((table, index) => [
        'c',
        null,
        { id: String(index + 1), name: 'a' },
        {
          connector: 'postgresql',
          db: 'shop',
          schema: 'public',
          table,
          txId: 9,
          lsn: 13n + BigInt(index),
          ts_us: 5n,
        },
        { commitLsn: 100n, index },
      ]),
    );
  });

  test('counts its rows from 0, also the second one', () => {
    const { take, events } = scene();
    for (const message of [begin, ...described, insert('1'), insert('2'), commit]) take(message);
    for (const message of [{ ...begin, commitLsn: 200n, xid: 10 }, insert('3'), commit])
      take(message);
    expect(events().map(({ position, source }) => [position, source.txId])).toEqual([
      [{ commitLsn: 100n, index: 0 }, 9],
      [{ commitLsn: 100n, index: 1 }, 9],
      [{ commitLsn: 200n, index: 0 }, 10],
    ]);
  });

  test('tells of changed, deleted and emptied rows', () => {
    const { take, events } = scene();
    for (const message of [begin, ...described]) take(message);
    take({ kind: 'update', relation: 7, old: null, tuple: tuple('1', 'b') });
    take({ kind: 'update', relation: 7, old: key, tuple: tuple('2', 'b') });
    take({ kind: 'delete', relation: 7, old: key });
    take({ kind: 'delete', relation: 7, old: { kind: 'full', tuple: ['1', 'a'] } });
    take({ kind: 'truncate', relations: [7, 8] });
    take(commit);
    expect(
      events().map(({ op, before, after, source }) => [op, source.table, before, after]),
    ).toEqual([
      ['u', 'items', null, { id: '1', name: 'b' }],
      ['u', 'items', { id: '1' }, { id: '2', name: 'b' }],
      ['d', 'items', { id: '1' }, null],
      ['d', 'items', { id: '1', name: 'a' }, null],
      ['t', 'items', null, null],
      ['t', 'tags', null, null],
    ]);
    expect(events().map(({ position }) => position.index)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('what is no row is passed over', () => {
    const { out, take } = scene();
    take(begin);
    for (const message of [
      { kind: 'origin', name: 'o' },
      { kind: 'type' },
      { kind: 'message', prefix: 'p' },
    ] as const)
      take(message);
    take(commit);
    expect(out.map(([{ kind }]) => kind)).toEqual(['begin', 'commit']);
  });
});

describe('a chunk', () => {
  const sizes = (out: readonly [StreamMessage, number][]) =>
    out.flatMap(([message]) =>
      message.kind === 'changes' ? [[message.events.length, message.size]] : [],
    );

  test('is full when it has so many rows', () => {
    const { out, take } = scene({ events: 2, bytes: 1000 });
    for (const message of [begin, ...described]) take(message, 0);
    for (let row = 1; row <= 5; row++) take(insert(String(row)), 10);
    expect(sizes(out)).toEqual([
      [2, 20],
      [2, 20],
    ]);
    take(commit);
    expect(sizes(out).at(-1)).toEqual([1, 10]);
  });

  test('is full when it weighs so much, and a row that weighs more goes alone', () => {
    const { out, take } = scene({ events: 100, bytes: 20 });
    for (const message of [begin, ...described]) take(message, 0);
    for (const size of [10, 9, 1, 20, 50]) take(insert('1'), size);
    expect(sizes(out)).toEqual([
      [3, 20],
      [1, 20],
      [1, 50],
    ]);
    take(commit);
    expect(sizes(out)).toHaveLength(3);
  });
});

describe('what cannot be is refused', () => {
  test('a change of a table that was not described', () => {
    const { take } = scene();
    take(begin);
    expect(() => take(insert('1'))).toThrow(/relation 7, which was not described/);
    expect(() => take({ kind: 'truncate', relations: [7] })).toThrow(/not described/);
  });

  test('a change outside of a transaction, also after one', () => {
    const { take } = scene();
    take(described[0]);
    expect(() => take(insert('1'))).toThrow(/outside of a transaction/);
    for (const message of [begin, commit]) take(message);
    expect(() => take({ kind: 'delete', relation: 7, old: key })).toThrow(
      /outside of a transaction/,
    );
  });
});

test('a table that changed is the new one for the rows after it, the old one for those before', () => {
  const { take, events, out } = scene();
  const [first] = relation.columns;
  take(begin);
  take(described[0]);
  take(insert('1'));
  take({ kind: 'relation', relation: { ...relation, columns: [first!], table: 'renamed' } });
  take({ kind: 'insert', relation: 7, tuple: tuple('2') });
  take(commit);
  expect(events().map(({ source, after }) => [source.table, after])).toEqual([
    ['items', { id: '1', name: 'a' }],
    ['renamed', { id: '2' }],
  ]);
  expect(out.map(([{ kind }]) => kind)).toEqual([
    'begin',
    'relation',
    'changes',
    'relation',
    'changes',
    'commit',
  ]);
});

test('a row that came whole is there as it came, one with a value left out is not', () => {
  const { take, events } = scene();
  for (const message of [begin, ...described, insert('1')]) take(message);
  take({ kind: 'update', relation: 7, old: null, tuple: { ...tuple('1', 'a'), whole: false } });
  take({ kind: 'delete', relation: 7, old: key });
  take(commit);
  const [whole, partial, gone] = events().map(({ encoded }) => encoded);
  expect(whole).toMatchObject({ columns: ['id', 'name'], at: 0, size: tuple('1', 'a').end });
  expect([partial, gone]).toEqual([undefined, undefined]);
});

test('what replication wrote is left out where the server cannot; its tables and its end are told', () => {
  const { take, events, out } = scene();
  take(begin);
  take({ kind: 'origin', name: 'strangler_shop_forward' });
  for (const message of [described[0], insert('1'), commit, begin, insert('2'), commit])
    take(message);
  expect(out.map(([{ kind }]) => kind)).toEqual([
    'begin',
    'relation',
    'commit',
    'begin',
    'changes',
    'commit',
  ]);
  expect(events().map(({ after }) => after?.id)).toEqual(['2']);
});
