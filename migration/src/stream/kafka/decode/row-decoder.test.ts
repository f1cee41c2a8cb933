import { describe, expect, test } from '@jest/globals';
import type { DecoderColumn } from './column-type.ts';
import { createRowDecoder } from './row-decoder.ts';
import { unavailable } from './settings.ts';

const column = (type: string, more: Partial<DecoderColumn> = {}): DecoderColumn => {
  const element = /^(.*)\[\]$/.exec(type)?.[1];
  return {
    name: 'v',
    type,
    kind: type.endsWith('range') ? 'range' : 'base',
    element:
      element === undefined
        ? null
        : { type: element, kind: element.endsWith('range') ? 'range' : 'base' },
    domain: false,
    parts: [],
    ...more,
  };
};
const decode = (of: DecoderColumn | string, value: unknown): string | null | undefined =>
  createRowDecoder([typeof of === 'string' ? column(of) : of], { table: 'public.t' })({ v: value })
    .v;
const failure = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

// Values as Debezium 3.7 sent them, beside what PostgreSQL 18 wrote.
const recorded: readonly (readonly [string, unknown, string])[] = [
  ['smallint', -32768, '-32768'],
  ['bigint', '9223372036854775807', '9223372036854775807'],
  ['oid', 4294967295, '4294967295'],
  ['real', 1.6777216e7, '1.6777216e+07'],
  ['real', 1.4e-45, '1e-45'],
  ['real', -0, '-0'],
  ['real', 'NaN', 'NaN'],
  ['real', 100000, '100000'],
  ['real', 1e6, '1e+06'],
  ['real', 3.4028235e38, '3.4028235e+38'],
  ['real', 1e-5, '1e-05'],
  ['real', 0.1, '0.1'],
  ['real', -1945162.25, '-1.9451622e+06'],
  ['real', 339935.625, '339935.62'],
  ['real', 2 ** -12, '0.00024414062'],
  ['real', 2 ** -96, '1.2621775e-29'],
  ['real', 2 ** 90, '1.2379401e+27'],
  ['double precision', 5e-324, '5e-324'],
  ['double precision', 1e23, '9.999999999999999e+22'],
  ['double precision', 1e15, '1e+15'],
  ['double precision', 999999999999999, '999999999999999'],
  ['double precision', 0.00001, '1e-05'],
  ['double precision', '-Infinity', '-Infinity'],
  ['double precision', -0, '-0'],
  ['numeric', '1.10', '1.10'],
  ['numeric', 'NAN', 'NaN'],
  ['numeric', 'POSITIVE_INFINITY', 'Infinity'],
  ['numeric', 'NEGATIVE_INFINITY', '-Infinity'],
  ['numeric(12,2)', '-5.00', '-5.00'],
  ['numeric(5,-2)', `12300.${'0'.repeat(2046)}`, '12300'],
  ['numeric(5,-2)', 'NAN', 'NaN'],
  ['boolean', true, 't'],
  ['boolean', false, 'f'],
  ['character(5)', 'ab   ', 'ab   '],
  ['text', 'é☃\u0001\n"\\', 'é☃\u0001\n"\\'],
  ['text', '', ''],
  ['date', 19782, '2024-02-29'],
  ['date', -735160, '0044-03-15 BC'],
  ['date', 3672148, '12024-01-01'],
  ['date', 2146033979, 'infinity'],
  ['date', -2147472691, '-infinity'],
  ['date', -719162, '0001-01-01'],
  ['date', -719163, '0001-12-31 BC'],
  ['date', 2145042905, '5874897-12-31'],
  ['date', -141432, '1582-10-10'],
  ['date', -2440550, '4713-01-01 BC'],
  ['time without time zone', 47655123456, '13:14:15.123456'],
  ['time without time zone', 86400000000, '24:00:00'],
  ['time without time zone', 0, '00:00:00'],
  ['time(3) without time zone', 3723400000, '01:02:03.4'],
  ['timestamp without time zone', 1709212455123456, '2024-02-29 13:14:15.123456'],
  ['timestamp without time zone', 1704067200000000, '2024-01-01 00:00:00'],
  ['timestamp without time zone', '-63517777200000000', '0044-03-15 13:00:00 BC'],
  ['timestamp without time zone', '317273587200500000', '12024-01-01 00:00:00.5'],
  ['timestamp without time zone', '9223372036854775807', 'infinity'],
  ['timestamp without time zone', '-9223372036854775808', '-infinity'],
  ['timestamp without time zone', '-210863520000000000', '4713-01-01 00:00:00 BC'],
  ['timestamp without time zone', '-62135596800000001', '0001-12-31 23:59:59.999999 BC'],
  ['timestamp(3) without time zone', -1, '1969-12-31 23:59:59.999999'],
  ['timestamp with time zone', '2024-02-29T11:14:15.123456Z', '2024-02-29 11:14:15.123456+00'],
  ['timestamp with time zone', '2024-01-01T00:00:00.000000Z', '2024-01-01 00:00:00+00'],
  ['timestamp(3) with time zone', '2024-02-29T13:14:15.120Z', '2024-02-29 13:14:15.12+00'],
  ['timestamp with time zone', '-0043-03-15T13:00:00.000000Z', '0044-03-15 13:00:00+00 BC'],
  ['timestamp with time zone', '+12024-01-01T00:00:00.500000Z', '12024-01-01 00:00:00.5+00'],
  ['timestamp with time zone', '0000-12-31T23:59:59.999999Z', '0001-12-31 23:59:59.999999+00 BC'],
  ['timestamp with time zone', 'infinity', 'infinity'],
  ['timestamp(0) with time zone', '2024-02-29T13:14:15Z', '2024-02-29 13:14:15+00'],
  ['interval', 'P1Y2M3DT4H5M6.789S', '1 year 2 mons 3 days 04:05:06.789'],
  ['interval', 'P0Y0M0DT0H0M0S', '00:00:00'],
  ['interval', 'P-1Y-2M3DT-4H-5M-6.7S', '-1 years -2 mons +3 days -04:05:06.7'],
  ['interval', 'P0Y0M0DT0H0M-0.000001S', '-00:00:00.000001'],
  ['interval', 'P0Y0M-1DT0H0M0.5S', '-1 days +00:00:00.5'],
  ['interval', 'P0Y0M1DT0H0M-0.000001S', '1 day -00:00:00.000001'],
  ['interval', 'P0Y0M0DT1000000H0M0.000001S', '1000000:00:00.000001'],
  ['interval day to second(3)', 'P0Y0M1DT0H0M1.5S', '1 day 00:00:01.5'],
  ['interval', 'P0Y-1M1DT0H0M-1S', '-1 mons +1 day -00:00:01'],
  ['bytea', '00ff10', '\\x00ff10'],
  ['bytea', '', '\\x'],
  ['bit(1)', true, '1'],
  ['bit(1)', false, '0'],
  ['bit(5)', 'DQ==', '01101'],
  ['bit(5)', '', '00000'],
  ['bit(12)', 'AAw=', '110000000000'],
  ['bit(12)', 'Aw==', '000000000011'],
  ['bit(65)', 'AAAAAAAAAAAB', `1${'0'.repeat(64)}`],
  ['json', '{"a":  1.0, "b": [1,null]}', '{"a":  1.0, "b": [1,null]}'],
  ['inet', '::ffff:1.2.3.4/100', '::ffff:1.2.3.4/100'],
  ['int4range', '[1,5)', '[1,5)'],
  ['tstzrange', '["2024-01-01 00:00:00+00",)', '["2024-01-01 00:00:00+00",)'],
  ['hstore', '{"aa":"2","a":"3","b":null}', '"a"=>"3", "b"=>NULL, "aa"=>"2"'],
  ['hstore', '{}', ''],
  ['hstore', '{"é":"","k\\"q":"v\\\\s","10":"x"}', '"10"=>"x", "é"=>"", "k\\"q"=>"v\\\\s"'],
  ['hstore', '{"1":"NULL","__proto__":"p"}', '"1"=>"NULL", "__proto__"=>"p"'],
  ['point', { x: 1.5, y: -0, wkb: 'AQ', srid: null }, '(1.5,-0)'],
  ['point', { x: 1e300, y: 'NaN', wkb: 'AQ', srid: null }, '(1e+300,NaN)'],
  ['pg_lsn', '302f31364233373438', '0/16B3748'],
  ['jsonpath', '242e226122', '$."a"'],
  ['integer[]', [1, null, 2147483647], '{1,NULL,2147483647}'],
  ['integer[]', [], '{}'],
  ['bigint[]', ['9223372036854775807', null, 1], '{9223372036854775807,NULL,1}'],
  ['real[]', [1.5, 'NaN', 16777216, null], '{1.5,NaN,1.6777216e+07,NULL}'],
  ['boolean[]', [true, false, null], '{t,f,NULL}'],
  [
    'text[]',
    ['a', null, 'b,c', 'NULL', '', 'x"y\\z', '{}', ' sp', 'é'],
    '{a,NULL,"b,c","NULL","","x\\"y\\\\z","{}"," sp",é}',
  ],
  ['text[]', ['Null1', 'nUll', 'a\u00a0b', '\u2003'], '{Null1,"nUll",a\u00a0b,\u2003}'],
  ['text[]', ['a\tb', 'v\u000bw', 'l\nm'], '{"a\tb","v\u000bw","l\nm"}'],
  ['bytea[]', ['00ff', null, ''], '{"\\\\x00ff",NULL,"\\\\x"}'],
  ['character(5)[]', ['ab   '], '{"ab   "}'],
  ['hstore[]', ['{"a":"1"}'], '{"\\"a\\"=>\\"1\\""}'],
  ['int4range[]', ['[1,5)', null], '{"[1,5)",NULL}'],
];

describe('a value of Debezium becomes the text of PostgreSQL', () => {
  test.each(recorded)('%s: %j', (type, value, text) => {
    expect(decode(type, value)).toBe(text);
  });

  test('whose type is an enum, a domain or a composite one', () => {
    expect(decode(column('mood', { kind: 'enum' }), 'deadbeef')).toBe('deadbeef');
    expect(
      decode(
        column('comp', { kind: 'composite', parts: ['integer', 'text'] }),
        '28312c226120622229',
      ),
    ).toBe('(1,"a b")');
    expect(
      decode(column('int4multirange', { kind: 'multirange', parts: ['integer'] }), '7b7d'),
    ).toBe('{}');
  });
});

describe('a row', () => {
  const columns = [
    column('bigint', { name: 'id' }),
    column('text', { name: 'body' }),
    column('integer[]', { name: 'numbers' }),
    column('uuid[]', { name: 'ids' }),
    column('hstore', { name: 'tags' }),
  ];
  const decodeRow = createRowDecoder(columns);

  test('has the columns in one order, NULL as null, and nothing that the message leaves out', () => {
    expect(Object.entries(decodeRow({ body: null, id: 1, more: 5 }))).toEqual([
      ['id', '1'],
      ['body', null],
    ]);
  });

  test('lacks what an update left where it was, in every form of it', () => {
    const codes = [...Buffer.from(unavailable)];
    expect(
      decodeRow({
        id: 1,
        body: unavailable,
        numbers: codes,
        ids: ['aaed5c02-9224-3839-a1b9-1b75396ef146'],
        tags: JSON.stringify({ [unavailable]: unavailable }),
      }),
    ).toEqual({ id: '1' });
    expect(decodeRow({ id: 1, numbers: codes.slice(1) })).toHaveProperty('numbers');
    for (const type of ['bytea', 'numeric', 'jsonb', 'xml', 'tsvector', 'citext', 'jsonpath'])
      expect(decode(type, unavailable)).toBeUndefined();
    for (const type of ['text[]', 'jsonb[]', 'character varying(3)[]'])
      expect(decode(type, [unavailable])).toBeUndefined();
  });
});

describe('what does not come whole', () => {
  test('stops, with the name of the column', () => {
    expect(() => decode('integer[]', [null, null])).toThrow(
      'Column public.t.v of type integer[] cannot be [null,null]',
    );
    const garbled: readonly (readonly [string, unknown])[] = [
      ['text[]', ['[Ljava.lang.String;@5afa2c9e']],
      ['text[]', ['[[Ljava.lang.String;@69837e74']],
      ['bytea[]', ['[B@1f']],
      ['timestamp without time zone', '-9223372036853775810'],
      ['tstzrange', '["2023-12-31 19:00:00-05",)'],
      ['bigint', 2 ** 60],
      ['boolean', 't'],
      ['integer', 1.5],
      ['numeric', 1.5],
      ['bytea', 'AP8='],
      ['bit(5)', '/w=='],
      ['date', -622191234],
      ['time without time zone', 86400000001],
      ['interval', 'P1Y'],
      ['timestamp with time zone', 5],
      ['text', 5],
      ['hstore', '[]'],
      ['text[]', 'a'],
      ['point', {}],
    ];
    for (const [type, value] of garbled)
      expect([type, failure(() => decode(type, value))]).toEqual([type, 'DECODE_FAILED']);
  });

  test('is refused by its type, or left out where nobody reads it', () => {
    for (const type of [
      'time with time zone',
      'money',
      'bit varying(3)',
      'box',
      'circle',
      'interval[]',
      'numeric[]',
      'numeric(3,1)[]',
      'date[]',
      'timestamp without time zone[]',
      'time without time zone[]',
      'xml[]',
      'bit(3)[]',
      'ltree[]',
      'vector',
      'geometry',
    ])
      expect([type, failure(() => decode(type, null))]).toEqual([type, 'TYPE_UNSUPPORTED']);
    expect(
      failure(() =>
        decode(column('comp', { kind: 'composite', parts: ['timestamp with time zone'] }), ''),
      ),
    ).toBe('TYPE_UNSUPPORTED');
    expect(
      failure(() => decode({ ...column('mood[]'), element: { type: 'mood', kind: 'enum' } }, [])),
    ).toBe('TYPE_UNSUPPORTED');
    expect(
      createRowDecoder([column('money'), column('text', { name: 'a' })], { unsupported: 'skip' })({
        v: '1.00',
        a: 'x',
      }),
    ).toEqual({ a: 'x' });
  });
});
