import { describe, expect, test } from '@jest/globals';
import type { ConversionName } from '@strangler-toolkit/plan';
import fc from 'fast-check';
import { refusalText } from './conversion.ts';
import { namedConversion } from './named.ts';

const letters = { true: 'Y', false: 'N' };
const conversion = (as: ConversionName, monolith: string, service: string) =>
  namedConversion({
    as,
    line: 'contexts/shop: tables[0].service[0].columns.a',
    columns: { monolith: { name: 'a.a', type: monolith }, service: { name: 'b.b', type: service } },
    ...(as.includes('letters') && { letters }),
  });
const cents = conversion('cents-to-decimal', 'bigint', 'numeric(20,2)');
const active = conversion('letters-to-boolean', 'character(1)', 'boolean');
const seconds = conversion('epoch-seconds-to-timestamptz', 'bigint', 'timestamp with time zone');
const millis = conversion(
  'epoch-milliseconds-to-timestamptz',
  'bigint',
  'timestamp(3) with time zone',
);
const uuid = conversion('text-to-uuid', 'text', 'uuid');

test.each([
  [cents, '0', '0.00'],
  [cents, '-5', '-0.05'],
  [cents, '100', '1.00'],
  [cents, '9223372036854775807', '92233720368547758.07'],
  [cents, '-9223372036854775808', '-92233720368547758.08'],
  [active, 'Y', 't'],
  [active, 'N', 'f'],
  [seconds, '0', '1970-01-01 00:00:00+00'],
  [seconds, '-1', '1969-12-31 23:59:59+00'],
  [seconds, '951782400', '2000-02-29 00:00:00+00'],
  [seconds, '253402300800', '10000-01-01 00:00:00+00'],
  [seconds, '-62135596800', '0001-01-01 00:00:00+00'],
  [seconds, '-62135596801', '0001-12-31 23:59:59+00 BC'],
  [seconds, '-210866803200', '4714-11-24 00:00:00+00 BC'],
  [seconds, '9224318015999', '294276-12-31 23:59:59+00'],
  [millis, '-1', '1969-12-31 23:59:59.999+00'],
  [millis, '1700000000120', '2023-11-14 22:13:20.12+00'],
  [uuid, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
])('%# %s becomes %s, and comes back', ({ forward, backward }, there, here) => {
  expect(forward.text(there)).toBe(here);
  expect(backward.text(here)).toBe(there);
});

test.each([
  [cents.forward, ''],
  [cents.forward, ' 1'],
  [cents.forward, '1.5'],
  [cents.backward, 'NaN'],
  [cents.backward, '1.5'],
  [cents.backward, '1.005'],
  [active.forward, 'y'],
  [active.forward, ' '],
  [active.forward, 't'],
  [active.backward, 'Y'],
  [seconds.forward, '9224318016000'],
  [seconds.forward, '-210866803201'],
  [seconds.forward, '1.5'],
  [seconds.backward, 'infinity'],
  [seconds.backward, '-infinity'],
  [seconds.backward, '1969-12-31 23:59:59.5+00'],
  [seconds.backward, '2024-01-01 00:00:00+01'],
  [millis.backward, '1969-12-31 23:59:59.9999+00'],
  [uuid.forward, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  [uuid.forward, ' a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  [uuid.forward, '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'],
  [uuid.forward, 'a0eebc999c0b4ef8bb6d6bb9bd380a11'],
])('%# %s has no exact way back, and is refused', (way, value) => {
  expect(way.text(value)).toBeNull();
  expect(way.code).toBe('VALUE_INEXACT');
  expect(refusalText(way, value)).toContain(`columns.a: `);
  expect(refusalText(way, value)).toContain(`'${value}'`);
});

/** What the columns themselves hold: [column's type on either side, conversion, what fits still, what does not]. */
test.each<[ConversionName, string, string, 'forward' | 'backward', string, string]>([
  ['cents-to-decimal', 'integer', 'numeric(5,2)', 'forward', '99999', '100000'],
  ['cents-to-decimal', 'integer', 'numeric(5,2)', 'forward', '-99999', '-100000'],
  ['cents-to-decimal', 'integer', 'numeric(1,2)', 'forward', '9', '10'],
  ['cents-to-decimal', 'integer', 'numeric(12,2)', 'backward', '21474836.47', '21474836.48'],
  ['cents-to-decimal', 'integer', 'numeric(12,2)', 'backward', '-21474836.48', '-21474836.49'],
  ['decimal-to-cents', 'numeric(12,2)', 'smallint', 'forward', '327.67', '327.68'],
  [
    'decimal-to-cents',
    'numeric(20,2)',
    'bigint',
    'forward',
    '92233720368547758.07',
    '92233720368547758.08',
  ],
  [
    'epoch-seconds-to-timestamptz',
    'integer',
    'timestamp with time zone',
    'backward',
    '2038-01-19 03:14:07+00',
    '2038-01-19 03:14:08+00',
  ],
])('%s of %s and %s: %s, %s is carried, %s refused', (as, monolith, service, way, fits, not) => {
  const { [way]: there } = conversion(as, monolith, service);
  expect(there.text(fits)).not.toBeNull();
  expect(there.text(not)).toBeNull();
  const [name, type] = way === 'forward' ? ['b.b', service] : ['a.a', monolith];
  expect(refusalText(there, not)).toContain(`more than ${name} (${type}) holds`);
});

test('a column that holds all of the other is not asked for every value', () => {
  expect(conversion('cents-to-decimal', 'integer', 'numeric(12,2)').forward.exact).toBeNull();
});

test('whatever passes comes back as it was', () => {
  const moment = fc.bigInt(-210_866_803_200n, 9_224_318_015_999n);
  const cases = [
    [cents, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)],
    [seconds, moment],
    [millis, moment.map((value) => value * 1_000n + 7n)],
    [uuid, fc.uuid()],
    [active, fc.string()],
  ] as const;
  for (const [{ forward, backward }, values] of cases)
    fc.assert(
      fc.property(values, (value) => {
        const there = forward.text(String(value));
        const back = there === null ? String(value) : backward.text(there);
        expect(back).toBe(String(value));
      }),
      { numRuns: 500 },
    );
});

describe('the types that a conversion is between', () => {
  test.each<[ConversionName, string, string]>([
    ['cents-to-decimal', 'integer', 'numeric(12,2)'],
    ['decimal-to-cents', 'numeric(12,2)', 'smallint'],
    ['letters-to-boolean', 'character varying(3)', 'boolean'],
    ['letters-to-boolean', 'text', 'boolean'],
    ['boolean-to-letters', 'boolean', 'character(1)'],
    ['epoch-seconds-to-timestamptz', 'integer', 'timestamp(0) with time zone'],
    ['timestamptz-to-epoch-milliseconds', 'timestamp with time zone', 'bigint'],
    ['text-to-uuid', 'character(36)', 'uuid'],
    ['uuid-to-text', 'uuid', 'character varying(40)'],
  ])('%s goes from %s to %s', (as, monolith, service) =>
    expect(conversion(as, monolith, service).takes({ monolith, service })).toBe(true),
  );

  test.each<[ConversionName, string, string, RegExp]>([
    [
      'cents-to-decimal',
      'numeric(12,2)',
      'integer',
      /a whole number to numeric\(…,2\), not from a\.a/,
    ],
    ['cents-to-decimal', 'integer', 'numeric', /columns\.a\.as/],
    ['cents-to-decimal', 'integer', 'numeric(12,3)', /b\.b \(numeric\(12,3\)\)/],
    ['cents-to-decimal', 'integer[]', 'numeric(12,2)', /a whole number/],
    ['letters-to-boolean', 'character(2)', 'boolean', /character of the length of both letters/],
    ['letters-to-boolean', 'citext', 'boolean', /text, varchar or character/],
    ['epoch-milliseconds-to-timestamptz', 'bigint', 'timestamp(2) with time zone', /3 digits/],
    ['epoch-seconds-to-timestamptz', 'bigint', 'timestamp without time zone', /timestamptz/],
    ['text-to-uuid', 'character varying(35)', 'uuid', /length 36/],
  ])('%s refuses %s to %s', (as, monolith, service, message) =>
    expect(() => conversion(as, monolith, service)).toThrow(message),
  );

  test('written the wrong way round, the remedy says so', () =>
    expect(() => conversion('cents-to-decimal', 'numeric(9,2)', 'integer')).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('other way round') }),
    ));
});

test('evidence rests on the conversion and its letters', () => {
  expect(cents.identity).toBe('cents-to-decimal');
  expect(active.identity).toBe('letters-to-boolean ["Y","N"]');
});
