import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type { ConversionName } from '@strangler-toolkit/plan';
import fc from 'fast-check';
import type pg from 'pg';
import { convertedBack, convertedText, inexactMark } from '../../src/copy/projection-sql.ts';
import { connect } from '../../src/database/connect.ts';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.ts';
import type { Conversion } from '../../src/mapping/conversions/conversion.ts';
import { fieldOfJson } from '../../src/mapping/conversions/json-field.ts';
import { functionPair } from '../../src/mapping/conversions/functions.ts';
import { namedConversion } from '../../src/mapping/conversions/named.ts';
import { mergeFields } from '../../src/mapping/merge-fields.ts';
import { refuseFunctions } from '../../src/mapping/refuse-functions.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('conversions');
  client = await connect(database.url, { applicationName: 'test' });
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const sample = (values: fc.Arbitrary<bigint | string>): string[] =>
  fc.sample(values, 300).map(String);
const moments = fc.bigInt(-210_866_803_200n, 9_224_318_015_999n);
const epochs = ['0', '-1', '1', '-86400', '253402300800', '-62135596801', '-210866803200'];
const uuids = ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'];
const times = [
  'infinity',
  '-infinity',
  '1969-12-31 23:59:59.5+00',
  '1969-12-31 23:59:59.999001+00',
  '0044-03-15 00:00:00+00 BC',
  '4714-11-24 00:00:00+00 BC',
  '294276-12-31 23:59:59.999+00',
  '10000-01-01 00:00:00.01+00',
];

const pairs: readonly [ConversionName, string, string, readonly string[]][] = [
  [
    'cents-to-decimal',
    'bigint',
    'numeric(20,2)',
    [
      '0',
      '-1',
      '9223372036854775807',
      '-9223372036854775808',
      ...sample(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    ],
  ],
  [
    'decimal-to-cents',
    'numeric(30,2)',
    'bigint',
    ['0.00', '-0.01', 'NaN', '1234567890123456789012345678.99', '92233720368547758.07'],
  ],
  ['cents-to-decimal', 'integer', 'numeric(5,2)', ['99999', '100000', '-99999', '-100000', '0']],
  ['cents-to-decimal', 'bigint', 'numeric(3,2)', ['999', '1000', '9223372036854775807']],
  [
    'decimal-to-cents',
    'numeric(12,2)',
    'integer',
    ['21474836.47', '21474836.48', '-21474836.48', '-21474836.49', 'NaN'],
  ],
  ['decimal-to-cents', 'numeric(12,2)', 'smallint', ['327.67', '327.68', '9999999999.99']],
  ['letters-to-boolean', 'character(1)', 'boolean', ['Y', 'N', 'y', ' ', '', 't']],
  ['letters-to-boolean', 'text', 'boolean', ['Y', 'N', 'Y ', ' N', '', 'true', 'ÿ', 'Y\n']],
  ['boolean-to-letters', 'boolean', 'text', ['t', 'f']],
  [
    'epoch-seconds-to-timestamptz',
    'bigint',
    'timestamp with time zone',
    [...epochs, '9224318015999', '9224318016000', '-210866803201', ...sample(moments)],
  ],
  [
    'epoch-milliseconds-to-timestamptz',
    'bigint',
    'timestamp with time zone',
    [
      ...epochs,
      '9224318015999999',
      '9224318016000000',
      '9223372036854775807',
      ...sample(moments.map((value) => value * 1_000n - 1n)),
    ],
  ],
  [
    'epoch-seconds-to-timestamptz',
    'integer',
    'timestamp with time zone',
    ['2147483647', '-2147483648'],
  ],
  ['timestamptz-to-epoch-seconds', 'timestamp with time zone', 'bigint', times],
  ['timestamptz-to-epoch-milliseconds', 'timestamp with time zone', 'bigint', times],
  [
    'timestamptz-to-epoch-seconds',
    'timestamp with time zone',
    'integer',
    [...times, '2038-01-19 03:14:07+00', '2038-01-19 03:14:08+00', '1901-12-13 20:45:51+00'],
  ],
  [
    'text-to-uuid',
    'text',
    'uuid',
    [...uuids, ` ${uuids[0]}`, `${uuids[0]}\n`, '', ...sample(fc.uuid())],
  ],
  ['uuid-to-text', 'uuid', 'text', [...uuids, ...sample(fc.uuid())]],
];

/** What the stream carries of a column of the type, and what the expression makes of it. */
async function asSql(
  type: string,
  values: readonly string[],
  expression: string,
): Promise<{ text: string; converted: string }[]> {
  await client.query(`CREATE TEMP TABLE given (value ${type}) ON COMMIT PRESERVE ROWS`);
  try {
    await client.query(`INSERT INTO given SELECT unnest($1::text[])::${type}`, [values]);
    const { rows } = await client.query<{ text: string; converted: string }>(
      `SELECT format('%s', value) AS text, ${expression} AS converted FROM given`,
    );
    return rows;
  } finally {
    await client.query('DROP TABLE given');
  }
}

test.each(pairs)(
  'SQL says of %s what the function says: %s to %s',
  async (as, from, to, values) => {
    const conversion = namedConversion({
      as,
      line: 'here',
      columns: { monolith: { name: 'm', type: from }, service: { name: 's', type: to } },
      ...(as.includes('letters') && { letters: { true: 'Y', false: 'N' } }),
    });
    const { forward, backward } = conversion;
    const there = await asSql(from, values, convertedText('value', forward));
    expect(there.map(({ converted }) => converted)).toEqual(
      there.map(({ text }) => forward.text(text) ?? `${inexactMark}${text}`),
    );
    const checked = await asSql(from, values, convertedBack('value', conversion, 'monolith'));
    expect(checked.map(({ text, converted }) => [text, converted])).toEqual(
      there.map(({ text }) => [text, forward.text(text) === null ? 'f' : 't']),
    );
    const passed = there.filter(({ converted }) => !converted.startsWith(inexactMark));
    expect(passed.length).toBeGreaterThan(0);
    const back = await asSql(
      to,
      passed.map(({ converted }) => converted),
      convertedText('value', backward),
    );
    expect(back).toEqual(
      passed.map(({ text, converted }) => ({ text: converted, converted: text })),
    );
    expect(back.map(({ text }) => backward.text(text))).toEqual(passed.map(({ text }) => text));
  },
);

const pair = (forward: string, reverse: string, monolith: string, service: string): Conversion =>
  functionPair({
    functions: { forward, reverse },
    line: 'here',
    columns: { monolith: { name: 'm', type: monolith }, service: { name: 's', type: service } },
  });

test.each([
  ['value * 2', 'value / 2', null],
  ['value + 1 -- of something', 'value - 1', null],
  [
    'value * rate',
    'value',
    'here.functions.forward: the monolith\'s database does not understand it: column "rate" does not exist',
  ],
  [
    'value',
    'nobody(value)',
    "here.functions.reverse: the monolith's database does not understand it: function nobody(integer)",
  ],
  ['value', 'ARRAY[value]', 'here.functions.reverse'],
  [
    'value * random()',
    'value',
    'here.functions.forward: it is volatile, or looks at more than the value',
  ],
  ['(SELECT max(oid::text::int) FROM pg_class) + value', 'value', 'looks at more than the value'],
  ['generate_series(1, value)', 'value', 'looks at more than the value'],
  ['max(value)', 'value', 'does not understand it'],
  ['rank() OVER ()', 'value', 'looks at more than the value'],
])('both databases are asked about %s and %s', async (forward, reverse, problem) => {
  const columns = [{ conversion: pair(forward, reverse, 'integer', 'integer') }];
  const tables = [{ parts: [{ columns }] }] as unknown as CompiledMapping['tables'];
  const asked = refuseFunctions({ tables }, { monolith: client, service: client });
  if (problem === null) await asked;
  else
    await expect(asked).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(problem),
    });
});

test('functions of the context file pass what comes back, and nothing else', async () => {
  const conversion = pair(
    "nullif(upper(value), '') -- shouts",
    "coalesce(lower(value), '')",
    'text',
    'character varying(5)',
  );
  const values = [
    '',
    'a',
    'A',
    'äB',
    'longer',
    "o'k",
    ...sample(fc.string({ unit: fc.constantFrom('a', 'b', 'C', ' ') })),
  ];
  const exact = (value: string): boolean =>
    value === value.toLowerCase() && value !== '' && value.length < 6;
  const there = await asSql('text', values, convertedText('value', conversion.forward));
  expect(there.map(({ converted }) => converted)).toEqual(
    values.map((value) => (exact(value) ? value.toUpperCase() : `${inexactMark}${value}`)),
  );
  const checked = await asSql('text', values, convertedBack('value', conversion, 'monolith'));
  expect(checked.map(({ converted }) => converted)).toEqual(
    values.map((value) => (exact(value) ? 't' : 'f')),
  );
});

test('fields are set, taken out and read, and what lies beside them stays', async () => {
  const documents = [
    null,
    'null',
    '{}',
    '{"a": 1, "k": [1]}',
    '{"b": {"c": "x", "k": 1.50}, "a": null}',
    '{"b": null}',
  ];
  const values = [null, '"y"', '7'];
  const cases = documents.flatMap((document) =>
    values.flatMap((a) => values.map((c) => [document, a, c] as const)),
  );
  const merged = mergeFields('given.document', [
    { path: ['a'], value: 'given.a' },
    { path: ['b', 'c'], value: 'given.c' },
  ]);
  const { rows } = await client.query<{ merged: string | null }>(
    `SELECT (${merged})::text AS merged FROM unnest($1::jsonb[], $2::jsonb[], $3::jsonb[]) WITH ORDINALITY AS given(document, a, c, n) ORDER BY n`,
    [0, 1, 2].map((at) => cases.map((one) => one[at])),
  );
  const expected = cases.map(([document, a, c]) => {
    const before = JSON.parse(document ?? 'null') as { b?: Record<string, unknown> | null } | null;
    if (a === null && c === null && before === null) return document;
    const { a: _a, b, ...beside } = { a: null, ...before };
    const inner = { ...b, ...(c !== null && { c: JSON.parse(c) as unknown }) };
    if (c === null) delete inner['c'];
    const kept =
      c !== null || b ? { b: inner } : b === null && before && 'b' in before ? { b } : {};
    return { ...beside, ...(a !== null && { a: JSON.parse(a) as unknown }), ...kept };
  });
  const parsed = rows.map(({ merged: text }) =>
    text === null || text === 'null' ? text : (JSON.parse(text) as unknown),
  );
  expect(parsed).toEqual(expected);
});

test.each([
  ['text', '{"f": "a"}', true],
  ['text', '{"f": 5}', false],
  ['text', '{"f": null}', false],
  ['text', '{}', true],
  ['text', '[1]', false],
  ['text', '"f"', false],
  ['character varying(2)', '{"f": "ab"}', true],
  ['character varying(2)', '{"f": "abc"}', false],
  ['integer', '{"f": 2147483647}', true],
  ['integer', '{"f": 2147483648}', false],
  ['integer', '{"f": -2147483648}', true],
  ['integer', '{"f": 1.0}', false],
  ['integer', '{"f": "1"}', false],
  ['bigint', '{"f": 9223372036854775807}', true],
  ['bigint', '{"f": 1e300}', false],
  ['numeric', '{"f": 1.500}', true],
  ['numeric(4,2)', '{"f": 12.50}', true],
  ['numeric(4,2)', '{"f": 12.5}', false],
  ['numeric(4,2)', '{"f": 123.50}', false],
  ['boolean', '{"f": false}', true],
  ['boolean', '{"f": "t"}', false],
  ['jsonb', '{"f": null}', true],
])('a field that is a column of type %s: %s passes %s', async (type, document, passes) => {
  const { forward, backward } = fieldOfJson({
    side: 'monolith',
    path: ['f'],
    line: 'here',
    columns: { monolith: { name: 'm', type: 'jsonb' }, service: { name: 's', type } },
  });
  const [there] = await asSql('jsonb', [document], convertedText('value', forward));
  const text = there?.converted ?? null;
  expect(text?.startsWith(inexactMark) ?? false).toBe(!passes);
  if (!passes || text === null) return;
  const [back] = await asSql(type, [text], convertedText('value', backward));
  expect(`{"f": ${back?.converted}}`).toBe(document);
});

test('NaN has no form in JSON', async () => {
  const columns = {
    monolith: { name: 'm', type: 'numeric' },
    service: { name: 's', type: 'jsonb' },
  };
  const { forward } = fieldOfJson({ side: 'service', path: ['f'], line: 'here', columns });
  const [there] = await asSql('numeric', ['NaN'], convertedText('value', forward));
  expect(there?.converted).toBe(`${inexactMark}NaN`);
});
