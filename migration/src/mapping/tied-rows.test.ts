import { expect, test } from '@jest/globals';
import type { MigrationDefinition, RowCondition } from '@strangler-toolkit/plan';
import { tied } from './tied-rows.ts';

const definition = (orders?: RowCondition, lines?: RowCondition): MigrationDefinition => ({
  context: 'c',
  data: 'replicated',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: [],
  tables: [
    {
      monolith: 'orders',
      ...(orders && { where: orders }),
      service: [{ table: 'sales', columns: { tenant: 'owner', id: { to: 'no' } } }],
    },
    {
      monolith: 'lines',
      ...(lines && { where: lines }),
      service: [{ table: 'items', columns: { tenant: 'owner', order_id: 'sale_no' } }],
    },
  ],
});
const end = (table: string, ...columns: string[]) => ({ schema: 'public', table, columns });
const both = {
  child: end('lines', 'tenant', 'order_id'),
  parent: end('orders', 'tenant', 'id'),
};
const alone = { child: end('lines', 'order_id'), parent: end('orders', 'id') };

test('a key between tables that are replicated whole stays within them', () => {
  expect(tied(definition(), 'monolith', alone)).toBe(true);
});

test('a key that holds the column that decides stays within the rows that are meant', () => {
  const five = { tenant: '5' };
  expect(tied(definition(five, five), 'monolith', both)).toBe(true);
  expect(tied(definition(five, five), 'monolith', alone)).toBe(false);
  expect(tied(definition(five, { tenant: ['6', '5'] }), 'monolith', both)).toBe(false);
  expect(tied(definition({ tenant: ['6', '5'] }, five), 'monolith', both)).toBe(false);
  expect(tied(definition(five), 'monolith', both)).toBe(false);
  expect(tied(definition(undefined, five), 'monolith', both)).toBe(false);
  expect(tied(definition({ tenant: null }, { tenant: null }), 'monolith', both)).toBe(false);
  expect(tied(definition({ ...five, kind: 'a' }, five), 'monolith', both)).toBe(false);
});

test('the service names the columns of its key in its own way', () => {
  const five = { tenant: '5' };
  const there = {
    child: end('items', 'owner', 'sale_no'),
    parent: end('sales', 'owner', 'no'),
  };
  expect(tied(definition(five, five), 'service', there)).toBe(true);
  expect(
    tied(definition(five, five), 'service', {
      child: end('items', 'sale_no'),
      parent: end('sales', 'no'),
    }),
  ).toBe(false);
});
