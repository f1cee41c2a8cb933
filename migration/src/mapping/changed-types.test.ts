import { expect, test } from '@jest/globals';
import type { MigrationDefinition, RowCondition } from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { sequencePairs } from '../cutover/sequence-step.ts';
import { idQuestions } from '../surroundings/id-questions.ts';
import { retypedConditions } from './changed-types.ts';
import { compileMapping } from './compile-mapping.ts';
import type { CompiledMapping } from './compiled-mapping.ts';

const column = (name: string, type: string, sequence: string | null = null): ColumnCatalog => ({
  name,
  type,
  notNull: false,
  hasDefault: sequence !== null,
  generated: false,
  identity: null,
  sequence,
  collatable: false,
  enumLabels: null,
});
const table = (name: string, columns: ColumnCatalog[], key = ['id']): TableCatalog => ({
  schema: 'public',
  table: name,
  kind: 'table',
  columns,
  primaryKey: key,
  primaryKeyDeferrable: false,
  replicaIdentity: 'full',
  identityColumns: key,
  estimatedRows: 0,
  pages: 0,
  foreignKeys: [],
});
const tenants = (
  type: string,
  {
    value = '5',
    key = ['id'],
    more = {},
    reason,
  }: { value?: string; key?: string[]; more?: RowCondition; reason?: string } = {},
): CompiledMapping => {
  const definition: MigrationDefinition = {
    context: 'c',
    data: 'replicated',
    monolith: { url: 'http://m' },
    service: { url: 'http://s' },
    routes: [],
    tables: [
      {
        monolith: 'orders',
        key,
        where: { tenant: value, ...more },
        ...(reason !== undefined && { ids: { id: { reason } } }),
        service: [{ table: 'sales', columns: { id: 'id', tenant: 'tenant' } }],
      },
    ],
  };
  return compileMapping(
    definition,
    [
      table(
        'orders',
        [column('id', 'bigint', 'public.o'), column('tenant', type), column('state', 'text')],
        key,
      ),
    ],
    [table('sales', [column('id', 'bigint', 'public.s'), column('tenant', type)], key)],
  );
};

test.each([
  ['integer', 'bigint', 0],
  ['text', 'character varying(40)', 0],
  ['integer', 'text', 1],
  ['text', 'uuid', 1],
])('a condition over %s that becomes %s', (was, is, stops) => {
  const uuid = { value: '3f333df6-90a4-4fda-8dd3-9485d27cee36' };
  const found = retypedConditions(
    tenants(was, is === 'uuid' ? uuid : {}),
    tenants(is, is === 'uuid' ? uuid : {}),
  );
  expect(found).toHaveLength(stops);
  if (stops > 0) expect(found[0]?.line).toBe('contexts/c: tables[0].where.tenant');
});

test('ids that both sides give out want a decision, and their sequences stay where they are', () => {
  const uses = { monolith: [], service: [] };
  const asked = idQuestions(tenants('integer'), uses);
  expect(asked.map(({ problem }) => problem)).toEqual([
    expect.stringMatching(/both can give out the same/),
  ]);
  const decided = tenants('integer', { reason: 'the service begins at a million' });
  expect(idQuestions(decided, uses)).toEqual([]);
  const definition = { context: 'c' } as unknown as MigrationDefinition;
  expect(sequencePairs(decided, definition, 'service')).toEqual([]);
  // the tenant tells the keys apart
  const keyed = tenants('integer', { key: ['tenant', 'id'] });
  expect(idQuestions(keyed, uses).map(({ about }) => about)).not.toContain('key orders.id');
  expect(sequencePairs(keyed, definition, 'service')).toHaveLength(1);
  // of one tenant some rows stay, and get ids as before
  const parted = { key: ['tenant', 'id'], more: { state: 'open' } };
  expect(idQuestions(tenants('integer', parted), uses)).toContainEqual(
    expect.objectContaining({
      about: 'key orders.id',
      problem: expect.stringMatching(/both can give out the same/),
    }),
  );
  expect(
    sequencePairs(
      tenants('integer', { ...parted, reason: 'from a million' }),
      definition,
      'service',
    ),
  ).toEqual([]);
});
