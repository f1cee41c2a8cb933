import { expect, test } from '@jest/globals';
import type { DecoderColumn } from './column-type.ts';
import { type TableFacts, unsupportedColumns } from './unsupported.ts';

const column = (name: string, type: string, more: Partial<DecoderColumn> = {}): DecoderColumn => {
  const element = /^(.*)\[\]$/.exec(type)?.[1];
  return {
    name,
    type,
    kind: 'base',
    element: element === undefined ? null : { type: element, kind: 'base' },
    domain: false,
    parts: [],
    ...more,
  };
};
const table: TableFacts = { full: false, checks: [], key: [], serverVersion: 180_004 };
const names = (columns: readonly DecoderColumn[], more: Partial<TableFacts> = {}): string[] =>
  unsupportedColumns(columns, { ...table, ...more }).map(({ name }) => name);

test('types whose values come whole are accepted', () => {
  const types = [
    'bigint',
    'text',
    'numeric(10,2)',
    'timestamp(3) with time zone',
    'time without time zone',
    'jsonb',
    'bytea',
    'bit(128)',
    'text[]',
    'bigint[]',
    'uuid[]',
    'character varying(10)[]',
    'hstore',
  ];
  expect(names(types.map((type) => column(type, type)))).toEqual([]);
});

test('types whose values lose something are refused, each with its reason', () => {
  expect(
    unsupportedColumns(
      [
        column('opens', 'time with time zone'),
        column('price', 'money'),
        column('flags', 'bit varying(8)'),
        column('area', 'polygon'),
        column('days', 'date[]'),
        column('ok', 'text'),
      ],
      table,
    ),
  ).toEqual([
    { name: 'opens', type: 'time with time zone', reason: 'it loses its offset' },
    {
      name: 'price',
      type: 'money',
      reason: 'its digits come without the form that lc_monetary gives them',
    },
    { name: 'flags', type: 'bit varying(8)', reason: 'it loses its length' },
    { name: 'area', type: 'polygon', reason: 'its values do not come whole' },
    { name: 'days', type: 'date[]', reason: 'values in such arrays get lost' },
  ]);
});

test('types whose unchanged large values arrive as NULL need the whole old row', () => {
  const columns = [
    column('small', 'smallint[]'),
    column('ratio', 'double precision[]'),
    column('mask', 'bit(129)'),
    column('domain', 'text[]', { domain: true }),
    column('plain', 'text', { domain: true }),
  ];
  expect(names(columns)).toEqual(['small', 'ratio', 'mask', 'domain']);
  expect(names(columns, { full: true })).toEqual([]);
});

test('intervals are accepted where none can be infinite', () => {
  const columns = [column('lasts', 'interval'), column('Odd name', 'interval(3)')];
  expect(names(columns)).toEqual(['lasts', 'Odd name']);
  expect(names(columns, { serverVersion: 160_003 })).toEqual([]);
  expect(
    names(columns, { checks: ['CHECK (isfinite(lasts))', 'CHECK (isfinite("Odd name"))'] }),
  ).toEqual([]);
  expect(
    names(columns, { checks: ['CHECK (isfinite(other))', 'CHECK ((isfinite(lasts) OR true))'] }),
  ).toEqual(['lasts', 'Odd name']);
});
