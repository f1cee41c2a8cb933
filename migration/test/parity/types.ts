/** What the source needs before a table of all types can be made. */
export const typeDdl = `
CREATE TYPE mood AS ENUM ('it''s', 'sad', 'ok, fine');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN short_text AS varchar(12);
CREATE TYPE pair AS (a int, b text);`;

/** Type → values as SQL: the edges of each, where text, JSON and binary forms tend to disagree. */
export const types: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767', '0'],
  integer: ['-2147483648', '2147483647', '0'],
  bigint: [
    '-9223372036854775808',
    '9223372036854775807',
    '9007199254740993',
    '-9007199254740993',
    '9007199254740991',
    '0',
  ],
  numeric: [
    `'NaN'`,
    `'Infinity'`,
    `'-Infinity'`,
    '0.000000000000000000001234500',
    '123456789012345678901234567890.10',
    '-0.00',
    '1e20',
    '1.10',
    '0',
  ],
  'numeric(12,3)': ['123456789.120', '-0.001', '0', `'NaN'`],
  'numeric(4,-2)': ['123400', '-100'],
  real: [
    '0.1',
    `'-0'`,
    `'NaN'`,
    '1e-40',
    '3.4028235e38',
    `'-Infinity'`,
    '16777216',
    '1e15',
    '123456.7',
  ],
  'double precision': [
    '1e-307',
    `'Infinity'`,
    `'NaN'`,
    '0.1',
    '1e300',
    `'-0'`,
    '5e-324',
    '9007199254740993',
    '1e15',
    '1e16',
    '123456789.123456789',
  ],
  boolean: ['true', 'false'],
  text: [
    `E'tab\\t nl\\n cr\\r back\\\\ quote" \\\\N \\\\.'`,
    `''`,
    `'ä€😀 \u2028'`,
    `'null'`,
    `'__debezium_unavailable_value'`,
    `'123456789012345678901234567890'`,
    `'"source":{"version":'`,
    `'[9007199254740993,1]'`,
  ],
  'character varying(8)': [`' a  '`, `''`, `'"\\'`],
  'character(5)': [`'a'`, `''`, `'ä b'`],
  '"char"': [`'x'`, `''`],
  name: [`'a name'`],
  bytea: [`'\\x00ff5c0a'`, `''`, `decode(repeat('00ff', 3000), 'hex')`],
  uuid: [`'00000000-0000-0000-0000-00000000000f'`, `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`],
  json: [`'{"a":  [1, null], "a": 2, "n": 12345678901234567890.10}'`, `'null'`, `'"x"'`, `' [ ] '`],
  jsonb: [`'{"b": 1.10, "a": "\\u00e4"}'`, `'null'`, `'{"n": 12345678901234567890.10}'`, `'[]'`],
  xml: [`'<a b="1"/>'`, `'<a>&lt;é</a>'`],
  date: [
    `'2024-02-29'`,
    `'-infinity'`,
    `'infinity'`,
    `'4713-01-01 BC'`,
    `'0044-03-15 BC'`,
    `'5874897-12-31'`,
    `'0001-01-01'`,
    `'1582-10-10'`,
    `'12024-05-06'`,
  ],
  'timestamp without time zone': [
    `'2026-03-29 02:30:00.123456'`,
    `'infinity'`,
    `'-infinity'`,
    `'0044-03-15 01:02:03 BC'`,
    `'12024-05-06 07:08:09.1'`,
    `'1582-10-10 00:00:00'`,
    `'294246-12-31 23:59:59.999999'`,
    `'4713-01-01 00:00:00 BC'`,
    `'2000-01-01'`,
  ],
  'timestamp(3) without time zone': [`'2026-03-29 02:30:00.123'`, `'2026-03-29 02:30:00'`],
  'timestamp with time zone': [
    `'2026-03-29 02:30:00.123456+02'`,
    `'infinity'`,
    `'-infinity'`,
    `'0044-03-15 12:00:00+00 BC'`,
    `'1900-01-01 00:00:00.5-08:13'`,
    `'12024-05-06 07:08:09.1+00'`,
    `'0001-01-01 00:00:00+14'`,
  ],
  'time without time zone': [
    `'13:14:15.123456'`,
    `'00:00:00'`,
    `'23:59:59.999999'`,
    `'01:02:03.5'`,
  ],
  interval: [
    `'1 mon -2 days 03:04:05.000006'`,
    `'-1 year'`,
    `'0'`,
    `'1 year 2 mons 3 days 04:05:06.789'`,
    `'-1 mon +2 days -03:04:05.5'`,
    `'100:00:00'`,
    `'-00:00:00.5'`,
    `'178000000 years'`,
  ],
  inet: [`'10.0.0.1/8'`, `'::1'`, `'10.0.0.1'`, `'fe80::1/64'`],
  cidr: [`'10.0.0.0/8'`, `'2001:db8::/32'`],
  macaddr: [`'08:00:2b:01:02:03'`],
  macaddr8: [`'08:00:2b:01:02:03:04:05'`],
  'bit(1)': [`B'1'`, `B'0'`],
  'bit(5)': [`B'10110'`, `B'00001'`, `B'00000'`],
  int4range: [`'[1,5)'`, `'empty'`, `'(,)'`],
  numrange: [`'[1.10,2.20]'`],
  tsrange: [`'[2026-01-01 00:00,2026-01-02 12:30:00.5)'`],
  tstzrange: [`'[2026-01-01 00:00+02,)'`],
  daterange: [`'[2026-01-01,2026-02-01)'`],
  int4multirange: [`'{[1,3),[5,9)}'`, `'{}'`],
  tsvector: [`'a:1 fat:2B'`],
  tsquery: [`'a & !b'`],
  pg_lsn: [`'16/B374D848'`],
  oid: ['4294967295', '0'],
  jsonpath: [`'$.a[*] ? (@ > 1)'`],
  mood: [`'it''s'`, `'ok, fine'`],
  positive: ['7', '2147483647'],
  short_text: [`'x y'`],
  pair: [`ROW(1, 'a,"b')`, `ROW(NULL, '')`],
  point: ['point(1.5,-2)', 'point(0.1,1e300)'],
  'integer[]': [`'{1,NULL,-3}'`, `'{}'`],
  'smallint[]': [`'{1,NULL,-3}'`],
  'bigint[]': [`'{9007199254740993,-9223372036854775808,1}'`, `'{}'`],
  'text[]': [
    `ARRAY['a,b', 'quote"', NULL, '', 'NULL', 'back\\slash', ' sp ']`,
    `'{}'`,
    `ARRAY['{x}']`,
  ],
  'character varying(9)[]': [`ARRAY['a', NULL]`],
  'boolean[]': [`'{t,NULL,f}'`],
  'uuid[]': [`ARRAY['00000000-0000-0000-0000-00000000000f'::uuid]`],
  'double precision[]': [`'{0.1,1e300,NULL}'`],
  'jsonb[]': [`ARRAY['{"a": "x, y"}'::jsonb, NULL]`],
};

/** Types whose values Debezium does not bring whole: only the embedded transport carries them. */
export const embeddedOnly = [
  'money',
  'line',
  'lseg',
  'path',
  'polygon',
  'date[]',
  'numeric(6,2)[]',
  'interval[]',
  'money[]',
  'xml[]',
  'time with time zone',
];

/** Chosen so that runs repeat: mulberry32. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}
