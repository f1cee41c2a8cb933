import { expect, test } from '@jest/globals';
import type { RowCondition } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { columnCatalog as column, tableCatalog } from '../../test/support/table-catalog.ts';
import { compileCondition } from './compile-condition.ts';

const monolith = tableCatalog(
  'parties',
  [
    column('id', 'bigint'),
    column('small', 'smallint'),
    column('big', 'bigint'),
    column('yes', 'boolean'),
    column('ref', 'uuid'),
    column('name', 'character varying(40)'),
    column('blind', 'text', { deterministic: false }),
    column('mood', 'mood', { enumLabels: ['fine', 'so, so'] }),
    column('money', 'numeric(10,2)'),
    column('padded', 'character(3)'),
    column('list', 'integer[]'),
    column('moods', 'mood[]', { enumLabels: ['fine'] }),
    column('domain', 'positive', { baseType: 'integer' }),
    column('twice', 'integer', { generated: true }),
  ],
  { key: ['id'], replicaIdentity: 'full', identityColumns: [] },
);
const compile = (condition: RowCondition, more: Partial<TableCatalog> = {}): RowCondition =>
  compileCondition(condition, { monolith: { ...monolith, ...more }, key: ['id'], line: 'x' });

test('values are as the server writes them', () => {
  expect(
    compile({
      small: ['-32768', '0'],
      big: '9223372036854775807',
      yes: 'true',
      ref: '3f333df6-90a4-4fda-8dd3-9485d27cee36',
      name: '',
      mood: 'so, so',
    })['yes'],
  ).toBe('t');
  expect(compile({ yes: ['f', 'true'], small: null })).toEqual({ yes: ['f', 't'], small: null });
});

test.each<[string, string]>([
  ['small', '32768'],
  ['small', '007'],
  ['small', '-0'],
  ['small', '1.0'],
  ['big', '9223372036854775808'],
  ['yes', 'yes'],
  ['ref', '3F333DF6-90A4-4FDA-8DD3-9485D27CEE36'],
  ['mood', 'sad'],
])('%s never holds %s', (name, value) => {
  expect(() => compile({ [name]: value })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(`^x\\.where\\.${name}: .*never holds`),
    }),
  );
});

test.each(['money', 'padded', 'list', 'moods', 'domain', 'twice', 'blind'])(
  'server and worker might judge %s differently',
  (name) => {
    expect(() => compile({ [name]: '1' })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(`^x\\.where\\.${name}: .*a condition is over`),
      }),
    );
  },
);

test('what an old row does not hold decides nothing', () => {
  const keyed = { replicaIdentity: 'default', identityColumns: ['id'] } as const;
  expect(compile({ id: '5' }, keyed)).toEqual({ id: '5' });
  expect(() => compile({ id: '5', small: '1' }, keyed)).toThrow(
    expect.objectContaining({
      code: 'REPLICA_IDENTITY',
      remedy: expect.stringContaining('ALTER TABLE public.parties REPLICA IDENTITY FULL'),
    }),
  );
});
