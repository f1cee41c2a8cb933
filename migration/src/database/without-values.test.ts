import { expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import { databaseFailure } from './failures.ts';
import { withoutValues } from './without-values.ts';

const failed = (code: string, message: string, detail?: string): Error =>
  Object.assign(new Error(message), { code, detail });

test.each([
  ['22P02', 'invalid input value for enum mood: "a "quoted": one"'],
  ['22P02', 'ungültige Eingabesyntax für Typ integer: »ann@x.y«'],
  ['22003', '"1e400" is out of range for type double precision'],
  ['22023', 'time zone "x" not recognized'],
  ['P0001', 'Ann may not do that'],
])('%s %s: what the server says is left out, what we say stays', (code, message) => {
  const told = `a value was refused (SQLSTATE ${code})`;
  expect(withoutValues(failed(code, message))).toBe(told);
  const ours = databaseFailure(
    failed(code, message),
    'The copy of shop failed (COPY people, line 1)',
  );
  expect(withoutValues(ours)).toBe(`The copy of shop failed (COPY people, line 1): ${told}`);
});

test.each([
  ['23505', 'duplicate key value violates unique constraint "people_pkey"'],
  ['42703', 'column "mood" does not exist'],
  ['22001', 'value too long for type character varying(20)'],
  ['58P01', 'could not open: "base/1"'],
])('%s quotes names only and stays, without its detail', (code, message) => {
  const error = failed(code, message, 'Failing row contains (7, Ann).');
  expect(withoutValues(error)).toBe(message);
  const ours = new StranglerError(
    'SCHEMA_CHANGED',
    `people: ${message} (Failing row contains (7, Ann).)`,
    {
      cause: error,
    },
  );
  expect(withoutValues(ours)).toBe(`people: ${message}`);
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

test('the key of a row goes as well', () => {
  const error = new StranglerError(
    'SCHEMA_CHANGED',
    'the service does not take row ann@x.y,7: no',
    {
      details: { key: ['ann@x.y', '7'] },
    },
  );
  expect(withoutValues(error)).toBe('the service does not take a row: no');
});

test('what nobody threw at a server is told as it is', () => {
  expect(withoutValues('plain')).toBe('plain');
  expect(withoutValues(new Error('x: "y"'))).toBe('x: "y"');
});
