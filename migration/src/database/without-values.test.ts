import { expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import { databaseFailure } from './failures.ts';
import { withoutValues } from './without-values.ts';

const failed = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code });

test.each([
  [
    '22P02',
    'invalid input syntax for type integer: "ann@x.y"',
    'invalid input syntax for type integer: (a value)',
  ],
  [
    '22P02',
    'invalid input value for enum mood: "a "quoted": one"',
    'invalid input value for enum mood: (a value)',
  ],
  [
    '22003',
    'value "99999" is out of range for type smallint',
    'value (a value) is out of range for type smallint',
  ],
  [
    '22008',
    'date/time field value out of range: "1999-02-30\nnext"',
    'date/time field value out of range: (a value)',
  ],
  [
    '22021',
    'invalid byte sequence for encoding "UTF8": 0x00',
    'invalid byte sequence for encoding "UTF8": 0x00',
  ],
  [
    '23505',
    'duplicate key value violates unique constraint "people_pkey"',
    'duplicate key value violates unique constraint "people_pkey"',
  ],
  ['42703', 'column "mood" does not exist', 'column "mood" does not exist'],
])('%s: %s', (code, message, told) => {
  expect(withoutValues(failed(code, message))).toBe(told);
  const ours = databaseFailure(failed(code, message), 'The initial copy of shop failed');
  expect(withoutValues(ours)).toBe(`The initial copy of shop failed: ${told}`);
});

test('an inexact value goes, its line and its reason stay, whatever quotes it has', () => {
  const line = 'contexts/shop: tables[0].service[0].columns.fee';
  const error = new StranglerError(
    'VALUE_INEXACT',
    `${line}: public.accounts.fee 'it's ' secret' is no number, so 'cents-to-decimal' would not bring it back as it is`,
  );
  expect(withoutValues(error)).toBe(
    `${line}: public.accounts.fee (a value) is no number, so 'cents-to-decimal' would not bring it back as it is`,
  );
});

test('what is no data exception keeps what it quotes', () => {
  expect(withoutValues(failed('58P01', 'could not open: "base/1"'))).toBe(
    'could not open: "base/1"',
  );
  expect(withoutValues('plain')).toBe('plain');
});
