/** Values at the edges of every type that both transports carry: what PostgreSQL reads them from. */
const typeValues: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768'],
  integer: ['2147483647'],
  bigint: ['9223372036854775807', '-9223372036854775808', '0'],
  oid: ['4294967295'],
  real: [
    '1.5',
    '16777216',
    '-0',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e-45',
    '3.4028235e38',
    '1e6',
    '0.0001',
    '0.00001',
    '123456',
  ],
  'double precision': [
    '1.5',
    '-0',
    'NaN',
    '-Infinity',
    '5e-324',
    '1.7976931348623157e308',
    '1e15',
    '1e23',
    '0.0001',
    '123456789012345678',
    '9007199254740993',
  ],
  numeric: [
    '1.10',
    '-0.000',
    'NaN',
    'Infinity',
    '-Infinity',
    '123456789012345678901234567890.123456789',
    '1e-20',
    '1e40',
    '1.5e-7',
  ],
  'numeric(12,2)': ['1.1', 'NaN'],
  'numeric(5,-2)': ['12345'],
  'numeric(3,5)': ['0.00123'],
  boolean: ['t', 'f'],
  text: ['', 'é☃\u0001\n"\\', '":9007199254740993,', '"source":{"version":"'],
  'character(5)': ['ab', ''],
  'character varying(10)': ['ab '],
  '"char"': ['a', '\\200'],
  name: ['nm'],
  date: [
    '2024-02-29',
    '0044-03-15 BC',
    '12024-01-01',
    'infinity',
    '-infinity',
    '0001-01-01',
    '4713-01-01 BC',
    '5874897-12-31',
    '1582-10-10',
  ],
  'time without time zone': ['13:14:15.123456', '00:00:00', '24:00:00', '12:00:00.5'],
  'time(3) without time zone': ['01:02:03.4'],
  'timestamp without time zone': [
    '2024-02-29 13:14:15.123456',
    '2024-01-01',
    '0044-03-15 13:00:00 BC',
    '12024-01-01 00:00:00.5',
    'infinity',
    '-infinity',
    '4713-01-01 BC',
    '2024-03-31 02:30:00',
    '0001-12-31 23:59:59.999999 BC',
    '1500-02-28 12:00',
    '10000-01-01',
  ],
  'timestamp with time zone': [
    '2024-02-29 13:14:15.123456+02',
    '2024-01-01+00',
    '0044-03-15 13:00:00+00 BC',
    '12024-01-01 00:00:00.5+00',
    'infinity',
    '-infinity',
    '294276-12-31 23:59:59.999999+00',
    '1582-10-10+00',
    '0001-12-31 23:59:59.999999+00 BC',
  ],
  'timestamp(3) with time zone': ['2024-02-29 13:14:15.12+00'],
  interval: [
    '1 year 2 months 3 days 04:05:06.789',
    '0',
    '-1 year -2 months +3 days -04:05:06.7',
    '-00:00:00.000001',
    '1 mon -1 day',
    '100:00:00',
    '178000000 years',
    '-1 mon +1 day -00:00:01',
    '-1 day +0.5 s',
  ],
  'interval day to second(3)': ['1 day 00:00:01.5'],
  bytea: ['\\x', '\\x00ff10'],
  'bit(1)': ['1', '0'],
  'bit(5)': ['01101', '00000'],
  'bit(65)': [`1${'0'.repeat(64)}`],
  'bit(12)': ['000000000011'],
  inet: ['10.0.0.1', '10.0.0.1/8', '::ffff:1.2.3.4/100'],
  cidr: ['10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  json: ['{"a":  1.0, "b": [1,null]}', 'null', ' 1'],
  jsonb: ['{"b":  2, "a": 1e3}', 'null'],
  xml: ['<a>é</a>'],
  jsonpath: ['$.a'],
  int4range: ['[1,5)', 'empty', '(,)'],
  int8range: ['[1,9223372036854775807)'],
  numrange: ['[1.0,2.50]'],
  tsrange: ['[2024-01-01,2024-02-01 00:00:00.5)', '(,infinity]'],
  daterange: ['[2024-01-01,infinity)'],
  int4multirange: ['{[1,2),[5,6)}', '{}'],
  tsvector: [`'a':1A 'b c':2`],
  tsquery: [`'a' & !'b'`],
  pg_lsn: ['0/16B3748'],
  xid8: ['18446744073709551615'],
  point: ['(1.5,-0)', '(1e300,NaN)'],
  citext: ['MiXed'],
  hstore: [
    '"a"=>"1", "b"=>NULL',
    '',
    '"k\\"q"=>"v\\\\s", "é"=>""',
    '"b"=>"1", "aa"=>"2", "10"=>"3"',
  ],
  ltree: ['a.b.c'],
  mood: ['sad', 'deadbeef'],
  pair: ['(1,"a b")'],
  float_range: ['[1,2]'],
  positive: ['5'],
  long_text: ['deadbeef'],
  big: ['9223372036854775807'],
  price: ['1.50'],
  moody: ['sad'],
  moment: ['2024-01-01 00:00:00.5'],
  pairs: ['(2,)'],
  numbers: ['{1,2}'],
  'integer[]': ['{1,NULL,2147483647}', '{}'],
  'bigint[]': ['{9223372036854775807,NULL,1}'],
  'double precision[]': ['{1.5,NaN,-Infinity,-0,1e23,NULL}'],
  'boolean[]': ['{t,f,NULL}'],
  'bytea[]': ['{"\\\\x00ff",NULL,"\\\\x"}'],
  'uuid[]': ['{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'],
  'text[]': [
    '{a,NULL,"b,c","NULL","","x\\"y\\\\z","{}"," sp",é}',
    '{}',
    '{Null1,"nUll"}',
    '{"a\tb","v\u000bw",q\u00a0r,"x\fy","l\nm",\u2028}',
  ],
  'character(5)[]': ['{ab,NULL}'],
  'character varying(10)[]': ['{ab,"c d"}'],
  'inet[]': ['{10.0.0.1/8,NULL}'],
  'jsonb[]': ['{"{\\"a\\": [1, \\"b,c\\"]}",NULL}'],
  'tsrange[]': ['{"[2024-01-01,)",NULL}'],
  'citext[]': ['{"A b",NULL}'],
  'hstore[]': ['{"\\"a\\"=>NULL",NULL}'],
};

const types = Object.keys(typeValues);
const many = (expression: string, count = 3000): string =>
  `(SELECT array_agg(${expression} ORDER BY g) FROM generate_series(1, ${count}) g)`;

/** Larger than a page: stored out of the row. */
const large: Readonly<Record<string, string>> = {
  text: `repeat('x', 20000)`,
  bytea: `decode(repeat('ab', 20000), 'hex')`,
  numeric: `repeat('7', 20000)::numeric`,
  json: `to_json(repeat('x', 20000))`,
  jsonb: `to_jsonb(repeat('x', 20000))`,
  xml: `('<a>' || repeat('x', 20000) || '</a>')::xml`,
  citext: `repeat('x', 20000)`,
  hstore: `hstore('k', repeat('x', 20000))`,
  long_text: `repeat('x', 20000)`,
  pair: `ROW(1, repeat('x', 20000))::pair`,
  int4multirange: `(SELECT range_agg(int4range(g * 3, g * 3 + 1)) FROM generate_series(1, 3000) g)`,
  tsvector: `(SELECT string_agg('w' || g, ' ') FROM generate_series(1, 3000) g)::tsvector`,
  'text[]': many(`'x' || g`),
  'character(5)[]': many('g::text'),
  'integer[]': many('g'),
  'bigint[]': many('g::bigint'),
  'uuid[]': many('gen_random_uuid()'),
  'jsonb[]': many(`'1'::jsonb`),
};
/** Debezium says NULL for them when an update leaves them alone. */
const largeWithWholeRow: Readonly<Record<string, string>> = {
  'double precision[]': many('g::float8'),
  'boolean[]': many('true', 20_000),
  'bytea[]': many(`'\\x01'::bytea`),
  'citext[]': many(`'x'::citext`),
  numbers: many('g'),
  'bit(40000)': `repeat('10', 20000)::bit(40000)`,
};

const table = (name: string, columns: readonly string[]): string =>
  `CREATE TABLE ${name} (id bigint PRIMARY KEY, n int, ${columns.map((type, index) => `c${index} ${type}`).join(', ')});`;
const external = (name: string, columns: readonly string[]): string =>
  columns.map((_, index) => `ALTER TABLE ${name} ALTER c${index} SET STORAGE EXTERNAL;`).join('\n');

export const typeTables = ['typed', 'large', 'whole'] as const;

export const typeDdl = `
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'deadbeef');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE float_range AS RANGE (subtype = float8);
CREATE DOMAIN positive AS int; CREATE DOMAIN long_text AS text; CREATE DOMAIN big AS bigint; CREATE DOMAIN price AS numeric(10,2);
CREATE DOMAIN moody AS mood; CREATE DOMAIN moment AS timestamp; CREATE DOMAIN pairs AS pair; CREATE DOMAIN numbers AS int[];
${table('typed', types)}
ALTER TABLE typed REPLICA IDENTITY FULL;
${types.map((type, index) => (type.startsWith('interval') ? `ALTER TABLE typed ADD CHECK (isfinite(c${index}));` : '')).join('')}
${table('large', Object.keys(large))}
${external('large', Object.keys(large))}
${table('whole', Object.keys(largeWithWholeRow))}
${external('whole', Object.keys(largeWithWholeRow))}
ALTER TABLE whole REPLICA IDENTITY FULL;`;

const literal = (text: string): string => `'${text.replaceAll(`'`, `''`)}'`;
const inserts = types.flatMap((type, index) =>
  (typeValues[type] ?? []).map((value) => ({ index, value })),
);

/** One transaction each. */
export const typeStatements: readonly string[] = [
  ...inserts.map(
    ({ index, value }, id) => `INSERT INTO typed (id, c${index}) VALUES (${id}, ${literal(value)})`,
  ),
  'UPDATE typed SET n = 1',
  'DELETE FROM typed',
  ...[['large', large] as const, ['whole', largeWithWholeRow] as const].flatMap(
    ([name, values]) => [
      `INSERT INTO ${name} VALUES (1, 1, ${Object.values(values).join(', ')})`,
      `UPDATE ${name} SET n = 2`,
      `UPDATE ${name} SET id = 2`,
      `UPDATE ${name} SET c0 = NULL`,
      `DELETE FROM ${name}`,
    ],
  ),
];
