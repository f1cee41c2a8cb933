import { afterEach, describe, expect, test } from '@jest/globals';
import { copyFormat } from '../../src/copy/copy-format.ts';
import { verify } from '../../src/verify/index.ts';
import { type Pair, testPair } from './pair.ts';

let pair: Pair;
afterEach(async () => {
  await pair.close();
});

/** Type and values of it, as SQL: what its text and its binary form could disagree about. */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767', 'NULL'],
  integer: ['-2147483648', '0', 'NULL'],
  bigint: ['-9223372036854775808', '9007199254740993', 'NULL'],
  numeric: ['1.10', `'NaN'`, `'-Infinity'`, '0.000000000000000000001234500', 'NULL'],
  'numeric(12,3)': ['123456789.120', '-0.001', 'NULL'],
  real: ['0.1', `'-0'`, `'NaN'`],
  'double precision': ['1e-307', `'Infinity'`, '0.1'],
  boolean: ['true', 'false', 'NULL'],
  uuid: [`'00000000-0000-0000-0000-00000000000f'`],
  bytea: [`'\\x00ff5c0a'`, `''`],
  json: [`'{"a":  [1, null], "a": 2}'`],
  jsonb: [`'{"b": 1.10, "a": "\\u00e4"}'`, `'null'`],
  inet: [`'10.0.0.1/8'`, `'::1'`],
  cidr: [`'10.0.0.0/8'`],
  macaddr: [`'08:00:2b:01:02:03'`],
  text: [`E'tab\\t nl\\n cr\\r back\\\\ \\\\N \\\\.'`, `''`, `'ä€😀'`],
  'character varying(8)': [`' a  '`],
  'character(4)': [`'a'`, `''`],
  date: [`'-infinity'`, `'4713-01-01 BC'`, `'5874897-12-31'`],
  interval: [`'1 mon -2 days 03:04:05.000006'`, `'-1 year'`],
  'time without time zone': [`'24:00:00'`, `'00:00:00.000001'`],
  'time with time zone': [`'12:00:00+14'`],
  'timestamp without time zone': [`'infinity'`, `'2026-03-29 02:30:00.123456'`],
  'timestamp with time zone': [`'2026-03-29 02:30:00.123456+02'`, `'0044-03-15 BC'`],
  'integer[]': [`'{{1,NULL},{3,4}}'`, `'{}'`, `'[5:6]={1,2}'`],
  'text[]': [`ARRAY['a,b', 'quote"', NULL, '']`],
  'numeric(6,2)[]': [`'{1.10,NaN}'`],
};
const ownText: Readonly<Record<string, readonly string[]>> = {
  mood: [`'it''s'`, 'NULL'],
  positive: ['7'],
  money: [`'12.34'`],
  tstzrange: [`'[2026-01-01,)'`],
  'bit varying': [`B'0101'`],
  point: [`'(1.5,-2)'`],
  xml: [`'<a b="1"/>'`],
};
const own = `CREATE TYPE mood AS ENUM ('it''s', 'sad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);`;

async function copyOf(
  label: string,
  types: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const names = Object.keys(types);
  const ddl = (table: string): string =>
    `${own} CREATE TABLE ${table} (id int PRIMARY KEY, ${names.map((type, index) => `c${index} ${type}`).join(', ')});`;
  const columns = Object.fromEntries([
    ['id', 'id'],
    ...names.map((_, index) => [`c${index}`, `c${index}`] as const),
  ]);
  pair = await testPair(label, ddl('values'), ddl('copies'), [
    { monolith: 'values', service: [{ table: 'copies', columns }] },
  ]);
  const most = Math.max(...Object.values(types).map((values) => values.length));
  for (let row = 0; row < most; row += 1) {
    await pair.monolith.client.query(
      `INSERT INTO "values" VALUES (${row}, ${Object.values(types)
        .map((values) => values[row % values.length])
        .join(', ')})`,
    );
  }
  await pair.copy();
  await pair.replicate(0);
  const printed = async (side: 'monolith' | 'service', table: string): Promise<unknown[]> =>
    (
      await pair[side].client.query({
        text: `SELECT * FROM "${table}" ORDER BY id`,
        rowMode: 'array',
      })
    ).rows;
  expect(await printed('service', 'copies')).toEqual(await printed('monolith', 'values'));
}
const isBinary = (): boolean[] =>
  pair.mapping.tables.flatMap((table) => table.parts.map((part) => copyFormat(part).binary));

describe('what the initial copy sends', () => {
  test('every built-in type arrives as it was, in binary, and verification finds no difference', async () => {
    await copyOf('copy_binary', builtIn);
    expect(isBinary()).toEqual([true]);
    const result = await verify({
      mapping: pair.mapping,
      monolithUrl: pair.monolith.url,
      serviceUrl: pair.service.url,
      direction: 'forward',
      appliedPosition: () => pair.appliedPosition(),
      chunkRows: 500,
      catchUpMs: 60_000,
    });
    expect(result).toMatchObject({ differences: 0, unsettled: 0, rowsCompared: 5 });
  });

  test.each(Object.entries(ownText).map(([type, values]) => [type, values] as const))(
    '%s goes as text and arrives as it was',
    async (type, values) => {
      await copyOf('copy_text', { [type]: values, integer: ['1'] });
      expect(isBinary()).toEqual([false]);
    },
  );

  test('columns of different types on the two sides, value maps, constants, identity and generated columns are the same in binary', async () => {
    pair = await testPair(
      'copy_casts',
      'CREATE TABLE things (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small smallint, whole int, short character(5), code varchar(9), active boolean, twice bigint GENERATED ALWAYS AS (whole * 2::bigint) STORED)',
      `CREATE TABLE goods (good_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small int, whole numeric, short character(5), code varchar(3), active text, source varchar(9) NOT NULL, since date, nothing jsonb, grade character(4), rank numeric(4,1), thrice numeric GENERATED ALWAYS AS (whole * 3) STORED)`,
      [
        {
          monolith: 'things',
          service: [
            {
              table: 'goods',
              columns: {
                id: 'good_id',
                small: 'small',
                whole: 'whole',
                short: 'short',
                code: { to: 'code', values: { '': 'non' } },
                active: { to: 'active', values: { t: 'yes' } },
              },
              constants: {
                source: `it's \\n`,
                since: '2026-01-02',
                nothing: null,
                grade: 'abc',
                rank: '1.25',
              },
            },
          ],
        },
      ],
    );
    await pair.monolith.client.query(
      `INSERT INTO things (small, whole, short, code, active) VALUES (-5, 2147483647, 'ab', 'xyz', true), (NULL, NULL, NULL, NULL, NULL), (1, -7, '', '', false)`,
    );
    await pair.copy();
    expect(isBinary()).toEqual([true]);
    expect(
      (
        await pair.service.client.query({
          text: 'SELECT * FROM goods ORDER BY 1',
          rowMode: 'array',
        })
      ).rows,
    ).toEqual([
      [
        '1',
        '-5',
        '2147483647',
        'ab   ',
        'xyz',
        'yes',
        `it's \\n`,
        '2026-01-02',
        null,
        'abc ',
        '1.3',
        '6442450941',
      ],
      ['2', null, null, null, null, null, `it's \\n`, '2026-01-02', null, 'abc ', '1.3', null],
      ['3', '1', '-7', '     ', 'non', 'f', `it's \\n`, '2026-01-02', null, 'abc ', '1.3', '-21'],
    ]);
  });

  test("a value that is too long for the service's column is refused, never cut", async () => {
    pair = await testPair(
      'copy_long',
      'CREATE TABLE a (id int PRIMARY KEY, code varchar(9))',
      'CREATE TABLE b (id int PRIMARY KEY, code varchar(3))',
      [{ monolith: 'a', service: [{ table: 'b', columns: { id: 'id', code: 'code' } }] }],
    );
    await pair.monolith.client.query(`INSERT INTO a VALUES (1, 'abcd')`);
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'COPY_FAILED',
      message: expect.stringContaining('too long'),
    });
  });
});
