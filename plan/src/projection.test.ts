import { describe, expect, test } from '@jest/globals';
import { evaluateGates } from './gates.ts';
import { defaultGates } from './gate-settings.ts';
import type { MigrationDefinition } from './migration.ts';
import { carriesOn } from './one-way-problems.ts';
import { isOneWay, moveAllowed, nextCommand, replicates, stages, storedKind } from './stages.ts';
import { alone as fileAlone, together } from '../test/support/validity.ts';

const pages: MigrationDefinition = {
  context: 'pages',
  data: 'projection',
  monolith: { url: 'http://m', database: { env: 'SHOP' } },
  service: { url: 'http://p', database: { env: 'PAGES' } },
  reads: ['stock'],
  identity: ['header:x-user'],
  standInSeconds: 2,
  routes: [{ name: 'page', method: 'GET', path: '/pages/:id', kind: 'read' }],
  tables: [{ monolith: 'orders', service: [{ table: 'orders', columns: { id: 'id' } }] }],
};
const { reads: _none, identity: _nobody, standInSeconds: _never, ...plain } = pages;
const stock: MigrationDefinition = {
  ...plain,
  context: 'stock',
  data: 'reference',
  monolith: { url: 'http://w', database: { env: 'WAREHOUSE' } },
  routes: [],
  tables: [{ monolith: 'stock', service: [{ table: 'stock', columns: { item: 'item' } }] }],
};
const alone = (changes: Partial<MigrationDefinition>): string =>
  fileAlone({ ...pages, ...changes }, 'p.ts');

describe('the file of a projection', () => {
  test('answers reads, and has nothing that a way back or a write would need', () => {
    expect(alone({})).toBe('valid');
    expect(alone({ tables: [] })).toContain('tables is missing: a projection context needs');
    for (const [field, value] of Object.entries({
      noWriteRoutes: 'none',
      sequences: [{ monolith: 'a', service: 'b' }],
      writtenTogether: { monolith: { a: { reason: 'x' } } },
      cutover: { sequenceGap: 1 },
    }))
      expect(alone({ [field]: value })).toBe(
        `p.ts: ${field} is not for data: 'projection': it only answers reads, and nothing of it goes back`,
      );
    expect(
      alone({ routes: [{ name: 'pay', method: 'POST', path: '/pay', kind: 'write' }] }),
    ).toContain('p.ts: routes[0].kind "pay" must be a read');
    const [table] = pages.tables ?? [];
    if (table === undefined) throw new Error('no table');
    expect(alone({ tables: [{ ...table, ids: { id: { reason: 'x' } } }] })).toContain(
      "tables[0].ids is not for data: 'projection'",
    );
  });

  test('takes tables that contexts own, beside references to other databases, into tables of its own', () => {
    const orders = { ...plain, context: 'orders', data: 'replicated' as const, routes: [] };
    const elsewhere = { ...orders, service: { url: 'http://o', database: { env: 'ORDERS' } } };
    expect(together(pages, stock, elsewhere)).toBe('valid');
    expect(together(pages, stock, orders)).toContain(
      'orders.ts: tables[0].service[0].table "orders" belongs to pages.ts tables[0] already',
    );
    expect([carriesOn(pages, elsewhere), carriesOn(stock, elsewhere)]).toEqual([true, false]);
  });
});

test('a projection is stored as what the monolith owns, goes as far as flags lead, and is refused what owners do', () => {
  expect([replicates('projection'), isOneWay('projection'), isOneWay('replicated')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(storedKind('projection')).toBe('replicated');
  const way = (['replicate', 'shadow', 'canary'] as const).map((move, index) =>
    moveAllowed(stages[index]!, 'projection', move),
  );
  expect(way.map((decision) => decision.allowed && decision.to)).toEqual([
    'replicating',
    'shadowing',
    'canary',
  ]);
  expect(
    (['replicating', 'shadowing', 'canary'] as const).map((stage) =>
      moveAllowed(stage, 'projection', 'rollback'),
    ),
  ).toMatchObject([{ to: 'monolith' }, { to: 'replicating' }, { to: 'shadowing' }]);
  for (const stage of stages)
    for (const move of ['cutover', 'retire'] as const)
      expect(moveAllowed(stage, 'projection', move)).toEqual({
        allowed: false,
        reason: expect.stringContaining(`${move} is not for data 'projection': it is a read model`),
      });
  expect(nextCommand('pages', 'canary', 'projection')).toBeUndefined();
});

test('it is shadowed once its copy is alike, and goes back without a gate', () => {
  const asked = (move: 'shadow' | 'rollback') =>
    evaluateGates(
      move,
      { context: 'pages', data: 'projection', stage: 'replicating' },
      defaultGates,
    );
  expect(asked('shadow').map(({ gate, ok }) => [gate, ok])).toEqual([
    ['initial-copy', false],
    ['lag', false],
    ['verification', false],
  ]);
  expect(asked('rollback')).toEqual([]);
});
