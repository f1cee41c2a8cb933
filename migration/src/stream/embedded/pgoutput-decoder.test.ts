import { describe, expect, test } from '@jest/globals';
import type { StreamMessage } from '../change-stream.ts';
import { ByteCursor } from './byte-cursor.ts';
import {
  decodePgoutput,
  type PgoutputMessage,
  postgresEpoch,
  readNewTuple,
} from './pgoutput-decoder.ts';
import { TransactionBuilder } from './transaction-builder.ts';

const byte = (value: number): Buffer => Buffer.from([value]);
const letter = (text: string): Buffer => Buffer.from(text, 'latin1');
const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value | 0);
  return buffer;
};
const int64 = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return buffer;
};
const string = (text: string): Buffer => Buffer.from(`${text}\0`);
const value = (text: string | null | undefined): Buffer =>
  text === null
    ? letter('n')
    : text === undefined
      ? letter('u')
      : Buffer.concat([letter('t'), int32(Buffer.byteLength(text)), Buffer.from(text)]);
const tuple = (...values: (string | null | undefined)[]): Buffer =>
  Buffer.concat([int16(values.length), ...values.map(value)]);
const relation = (
  identity: string,
  columns: readonly [string, number][],
  schema = 'public',
): Buffer =>
  Buffer.concat([
    letter('R'),
    int32(7),
    string(schema),
    string('items'),
    letter(identity),
    int16(columns.length),
    ...columns.flatMap(([name, flags]) => [byte(flags), string(name), int32(25), int32(-1)]),
  ]);

function decode(bytes: Buffer, from = 0, after = 0): PgoutputMessage {
  const cursor = new ByteCursor();
  cursor.enter(bytes, from, bytes.length - after);
  return decodePgoutput(cursor);
}
const readWhole = (message: PgoutputMessage): unknown =>
  message.kind === 'insert' || message.kind === 'update'
    ? { ...message, tuple: readNewTuple(message.tuple) }
    : message;

describe('pgoutput messages', () => {
  test.each<[string, Buffer[], unknown]>([
    [
      'begin',
      [letter('B'), int64(5n), int64(10n), int32(9)],
      { kind: 'begin', commitLsn: 5n, commitTime: postgresEpoch + 10n, xid: 9 },
    ],
    [
      'begin with a transaction id beyond 2^31',
      [letter('B'), int64(5n), int64(10n), int32(-1)],
      { kind: 'begin', commitLsn: 5n, commitTime: postgresEpoch + 10n, xid: 4_294_967_295 },
    ],
    [
      'commit',
      [letter('C'), byte(0), int64(5n), int64(6n), int64(0n)],
      { kind: 'commit', commitLsn: 5n, endLsn: 6n, commitTime: postgresEpoch },
    ],
    ['origin', [letter('O'), int64(1n), string('o')], { kind: 'origin', name: 'o' }],
    ['an origin that was dropped', [], { kind: 'origin', name: '' }],
    [
      'relation',
      [
        relation('i', [
          ['id', 1],
          ['ä', 0],
        ]),
      ],
      {
        kind: 'relation',
        relation: {
          id: 7,
          schema: 'public',
          table: 'items',
          replicaIdentity: 'index',
          columns: [
            { name: 'id', key: true, typeOid: 25, typeModifier: -1 },
            { name: 'ä', key: false, typeOid: 25, typeModifier: -1 },
          ],
        },
      },
    ],
    [
      'relation of the system schema, whose name is left empty',
      [relation('d', [], '')],
      {
        kind: 'relation',
        relation: {
          id: 7,
          schema: 'pg_catalog',
          table: 'items',
          replicaIdentity: 'default',
          columns: [],
        },
      },
    ],
    ['type', [letter('Y'), int32(1), string('s'), string('mood')], { kind: 'type' }],
    [
      'insert',
      [letter('I'), int32(7), letter('N'), tuple('1', null, '', 'ä€😀')],
      { kind: 'insert', relation: 7, tuple: ['1', null, '', 'ä€😀'] },
    ],
    [
      'update',
      [letter('U'), int32(7), letter('N'), tuple('1', undefined)],
      { kind: 'update', relation: 7, old: null, tuple: ['1', undefined] },
    ],
    [
      'update of a key',
      [letter('U'), int32(7), letter('K'), tuple('1', null), letter('N'), tuple('2', 'b')],
      { kind: 'update', relation: 7, old: { kind: 'key', tuple: ['1', null] }, tuple: ['2', 'b'] },
    ],
    [
      'update with the whole old row',
      [letter('U'), int32(7), letter('O'), tuple('1', null), letter('N'), tuple('2', 'b')],
      { kind: 'update', relation: 7, old: { kind: 'full', tuple: ['1', null] }, tuple: ['2', 'b'] },
    ],
    [
      'delete by key',
      [letter('D'), int32(7), letter('K'), tuple('1', null)],
      { kind: 'delete', relation: 7, old: { kind: 'key', tuple: ['1', null] } },
    ],
    [
      'delete with the whole old row',
      [letter('D'), int32(7), letter('O'), tuple('1', null)],
      { kind: 'delete', relation: 7, old: { kind: 'full', tuple: ['1', null] } },
    ],
    [
      'truncate',
      [letter('T'), int32(2), byte(3), int32(7), int32(8)],
      { kind: 'truncate', relations: [7, 8] },
    ],
    [
      'message',
      [letter('M'), byte(1), int64(1n), string('p'), int32(0)],
      { kind: 'message', prefix: 'p' },
    ],
  ])('%s', (_name, parts, expected) => {
    expect(readWhole(decode(Buffer.concat(parts)))).toEqual(expected);
    // As it arrives: behind the header of the replication message, before the next one.
    expect(
      readWhole(decode(Buffer.concat([Buffer.alloc(25), ...parts, Buffer.alloc(9)]), 25, 9)),
    ).toEqual(expected);
  });

  test.each<[string, Buffer]>([
    ['an unknown message', letter('Z')],
    ['a streamed one of protocol 2', Buffer.concat([letter('S'), int32(1)])],
    [
      'a binary value',
      Buffer.concat([letter('I'), int32(7), letter('N'), int16(1), letter('b'), int32(1), byte(1)]),
    ],
    [
      'a value longer than its message',
      Buffer.concat([
        letter('I'),
        int32(7),
        letter('N'),
        int16(1),
        letter('t'),
        int32(9),
        letter('ab'),
      ]),
    ],
    ['a name without an end', Buffer.concat([letter('R'), int32(7), letter('public')])],
  ])('%s is refused, not guessed', (_name, bytes) =>
    expect(() => decode(bytes)).toThrow(
      /unknown message|unknown kind|longer|without an end|outside the bounds|out of range/,
    ),
  );
});

test.each([
  ['d', 'default'],
  ['f', 'full'],
  ['i', 'index'],
  ['n', 'nothing'],
  ['x', 'nothing'],
])('the replica identity %s is %s', (sign, replicaIdentity) => {
  expect(decode(relation(sign, []))).toMatchObject({ relation: { replicaIdentity } });
});

test('only the lowest bit of its flags makes a column one of the key', () => {
  const columns: [string, number][] = [0, 1, 2, 3].map((flags) => [`c${flags}`, flags]);
  expect(decode(relation('d', columns))).toMatchObject({
    relation: { columns: [0, 1, 0, 1].map((bit) => ({ key: bit === 1 })) },
  });
});

test('a message that is cut short is refused, though other bytes follow', () => {
  for (const whole of [
    Buffer.concat([letter('B'), int64(5n), int64(10n), int32(9)]),
    Buffer.concat([letter('C'), byte(0), int64(5n), int64(6n), int64(0n)]),
    Buffer.concat([letter('T'), int32(1), byte(0), int32(7)]),
    Buffer.concat([letter('D'), int32(7), letter('K'), tuple('12345')]),
    Buffer.concat([letter('I'), int32(7), letter('N'), tuple('12345')]),
  ])
    expect(() => decode(whole, 0, 1)).toThrow(RangeError);
});

describe('envelopes', () => {
  const begin = Buffer.concat([letter('B'), int64(100n), int64(0n), int32(9)]);
  const commit = Buffer.concat([letter('C'), byte(0), int64(100n), int64(120n), int64(0n)]);
  const build = (messages: readonly Buffer[]): StreamMessage[] => {
    const out: StreamMessage[] = [];
    const builder = new TransactionBuilder('db', { events: 1000, bytes: 1e6 }, (message) =>
      out.push(message),
    );
    messages.forEach((bytes, index) => builder.take(decode(bytes), BigInt(index), bytes.length));
    return out;
  };
  const rows = (messages: readonly Buffer[]): unknown[] =>
    build([begin, ...messages, commit]).flatMap((message) =>
      message.kind === 'changes'
        ? message.events.map(({ op, before, after }) => [op, before, after])
        : [],
    );
  const keyed = relation('d', [
    ['id', 1],
    ['name', 0],
    ['big', 0],
  ]);
  const full = relation('f', [
    ['id', 1],
    ['name', 1],
    ['big', 1],
  ]);

  test('NULLs of a key-only tuple are not taken for old values', () => {
    expect(
      rows([keyed, Buffer.concat([letter('D'), int32(7), letter('K'), tuple('1', null, null)])]),
    ).toEqual([['d', { id: '1' }, null]]);
  });
  test('NULLs of a whole old row are old values', () => {
    expect(
      rows([full, Buffer.concat([letter('D'), int32(7), letter('O'), tuple('1', null, 'b')])]),
    ).toEqual([['d', { id: '1', name: null, big: 'b' }, null]]);
  });
  test('an unchanged large value is absent, or the old one where the old row is known', () => {
    expect(
      rows([
        keyed,
        Buffer.concat([letter('U'), int32(7), letter('N'), tuple('1', 'n', undefined)]),
      ]),
    ).toEqual([['u', null, { id: '1', name: 'n' }]]);
    expect(
      rows([
        full,
        Buffer.concat([
          letter('U'),
          int32(7),
          letter('O'),
          tuple('1', 'm', 'old'),
          letter('N'),
          tuple('1', 'n', undefined),
        ]),
      ]),
    ).toEqual([['u', { id: '1', name: 'm', big: 'old' }, { id: '1', name: 'n', big: 'old' }]]);
  });
  test('an unchanged value is absent wherever it stands, and leaves its neighbours where they are', () => {
    expect(
      rows([
        keyed,
        Buffer.concat([letter('U'), int32(7), letter('N'), tuple('1', undefined, 'b')]),
        Buffer.concat([letter('I'), int32(7), letter('N'), tuple('2', null, 'c')]),
        Buffer.concat([letter('I'), int32(7), letter('N'), tuple('3', 'n', null)]),
      ]),
    ).toEqual([
      ['u', null, { id: '1', big: 'b' }],
      ['c', null, { id: '2', name: null, big: 'c' }],
      ['c', null, { id: '3', name: 'n', big: null }],
    ]);
  });
});
