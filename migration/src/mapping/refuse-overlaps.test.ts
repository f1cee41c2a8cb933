import { expect, test } from '@jest/globals';
import type { RowCondition } from '@strangler-toolkit/plan';
import type { CompiledTable } from './compiled-mapping.ts';
import { refuseOverlaps } from './refuse-overlaps.ts';

const table = (
  line: number,
  where?: RowCondition,
  more: Partial<CompiledTable> = {},
): CompiledTable =>
  ({
    line: `contexts/shop: tables[${line}]`,
    monolith: { schema: 'public', table: 'media' },
    key: ['id'],
    ...(where && { where }),
    ...more,
  }) as unknown as CompiledTable;
const other = { monolith: { schema: 'public', table: 'shops' } } as Partial<CompiledTable>;
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });

test('mappings whose rows one column tells apart, and tables of their own, pass', () => {
  refuseOverlaps([
    table(0, { kind: 'book' }),
    table(1, { kind: ['disc', 'map'] }),
    table(2, undefined, other),
  ]);
  refuseOverlaps([table(0), table(1, undefined, other)]);
});

test.each<[RowCondition | undefined, RowCondition | undefined, RegExp]>([
  [
    { kind: ['book', 'map'] },
    { kind: ['disc', 'map'] },
    /tables\[1\]: .*tables\[0\].*kind = book or map; kind = disc or map/,
  ],
  [{ kind: 'book' }, { shelf: 'a' }, /a row can meet both/],
  [{ kind: 'book' }, undefined, /kind = book; all rows/],
])('%j and %j are refused with both lines', (one, two, message) =>
  expect(() => refuseOverlaps([table(0, one), table(1, two)])).toThrow(refusal(message)),
);

test('a third is held against each of those before it', () =>
  expect(() =>
    refuseOverlaps([table(0, { kind: 'a' }), table(1, { kind: 'b' }), table(2, { kind: 'a' })]),
  ).toThrow(refusal(/tables\[2\]: .*tables\[0\]/)));

test('rows of one table have one key', () =>
  expect(() =>
    refuseOverlaps([table(0, { kind: 'a' }), table(1, { kind: 'b' }, { key: ['kind', 'id'] })]),
  ).toThrow(refusal(/tables\[1\]\.key: .*\(id\) at .*tables\[0\] and \(kind, id\) here/)));
