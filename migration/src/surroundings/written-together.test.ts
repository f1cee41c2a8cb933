import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { isOpen } from './surrounding.ts';
import { TogetherCounter, togetherSurroundings } from './written-together.ts';

const definition = (
  tables: readonly string[],
  writtenTogether: MigrationDefinition['writtenTogether'] = {},
): MigrationDefinition => ({
  context: 'shop',
  data: 'replicated',
  monolith: { url: '' },
  service: { url: '' },
  routes: [],
  tables: tables.map((table) => ({
    monolith: table,
    service: [{ table, columns: { id: 'id' } }],
  })),
  writtenTogether,
});
const publicly = (...tables: string[]) => tables.map((table) => ({ schema: 'public', table }));

function seen() {
  const counter = new TogetherCounter(new Set(['vouchers', 'lines']));
  counter.add(publicly('vouchers', 'orders'));
  counter.add(publicly('vouchers', 'lines', 'orders', 'audit'));
  counter.add(publicly('vouchers'));
  counter.add(publicly('orders', 'audit'));
  counter.add([
    ...publicly('lines'),
    { schema: 'strangler', table: 'marks' },
    { schema: 'crm', table: 'orders' },
  ]);
  return counter;
}

test('transactions are counted by mapped table, alone and with each other table', () => {
  const counter = seen();
  expect(counter.transactions).toBe(5);
  expect(counter.counts()).toEqual([
    { table: 'vouchers', other: null, transactions: 3 },
    { table: 'vouchers', other: 'orders', transactions: 2 },
    { table: 'vouchers', other: 'audit', transactions: 1 },
    { table: 'lines', other: null, transactions: 2 },
    { table: 'lines', other: 'orders', transactions: 1 },
    { table: 'lines', other: 'audit', transactions: 1 },
    { table: 'lines', other: 'crm.orders', transactions: 1 },
  ]);
});

test('each table across the border is a question of its own, with how often, until it is decided', () => {
  const decided = { monolith: { 'crm.orders': { reason: 'A report.' } } };
  const found = togetherSurroundings(
    seen().counts(),
    definition(['vouchers', 'lines'], decided),
    'monolith',
  );
  expect(found.map(({ about, decision }) => [about, decision])).toEqual([
    ['written together: orders', null],
    ['written together: audit', null],
    [
      'written together: crm.orders',
      'A report. (monolith: 1 of 2 transactions that wrote lines wrote crm.orders as well)',
    ],
  ]);
  const [orders] = found.filter(isOpen);
  expect(orders?.problem).toMatch(
    /^2 of 3 transactions that wrote vouchers wrote orders as well; 1 of 2 transactions that wrote lines wrote orders as well on the monolith/,
  );
  expect(orders?.remedy).toContain("writtenTogether.monolith['orders']: { reason: ");
});

test('a decision of the other side decides nothing', () => {
  const found = togetherSurroundings(
    seen().counts(),
    definition(['vouchers'], { service: { orders: { reason: 'no' } } }),
    'monolith',
  );
  expect(found.find(({ about }) => about === 'written together: orders')?.decision).toBeNull();
});

test('what was mapped since is no longer across the border, nor what a table that left wrote', () => {
  const about = (tables: readonly string[]) =>
    togetherSurroundings(seen().counts(), definition(tables), 'monolith').map((one) => one.about);
  expect(about(['vouchers', 'lines', 'orders'])).toEqual([
    'written together: audit',
    'written together: crm.orders',
  ]);
  expect(about(['vouchers'])).toEqual(['written together: orders', 'written together: audit']);
});
