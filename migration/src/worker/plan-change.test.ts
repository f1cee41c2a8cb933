import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { planChange } from './plan-change.ts';

const before: MigrationDefinition = {
  context: 'goods',
  data: 'replicated',
  monolith: { url: 'http://m', database: { env: 'M' } },
  service: { url: 'http://s', database: { env: 'S' } },
  routes: [],
  tables: [{ monolith: 'products', service: [{ table: 'items', columns: { id: 'id' } }] }],
};
const { monolith, service } = before;

test.each<[string, Partial<MigrationDefinition>, readonly string[], boolean]>([
  ['the same again', { routes: [] }, [], false],
  ['a gate', { gates: { maxLagSeconds: 9 } }, ['gates'], false],
  [
    'time-outs and contracts',
    { cutover: {}, noWriteRoutes: 'x', standInSeconds: 0 },
    ['cutover', 'noWriteRoutes', 'standInSeconds'],
    false,
  ],
  [
    'an address',
    { service: { ...service, url: 'http://t', health: '/up' } },
    ['service.url', 'service.health'],
    false,
  ],
  [
    'a database',
    { monolith: { ...monolith, database: { env: 'N' } } },
    ['monolith.database'],
    true,
  ],
  [
    'a way past a pooler',
    { service: { ...service, databaseDirect: 'd' } },
    ['service.databaseDirect'],
    true,
  ],
  [
    'a column',
    { tables: [{ monolith: 'products', service: [{ table: 'items', columns: { id: 'no' } }] }] },
    ['tables'],
    true,
  ],
  [
    'how changes travel',
    { replication: { retentionHours: 1 }, gates: {} },
    ['replication', 'gates'],
    true,
  ],
  [
    'what this release does not know',
    { later: 1 } as Partial<MigrationDefinition>,
    ['later'],
    true,
  ],
])('%s', (_what, change, fields, renews) => {
  expect(planChange(before, { ...before, ...change })).toEqual({ fields, renews });
});

test('a field that goes is a change like one that comes', () => {
  expect(planChange({ ...before, triggers: {} }, before)).toEqual({
    fields: ['triggers'],
    renews: true,
  });
});
