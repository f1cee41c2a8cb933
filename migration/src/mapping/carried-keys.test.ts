import { expect, test } from '@jest/globals';
import type { MigrationDefinition, RowCondition, Side } from '@strangler-toolkit/plan';
import { carriedBy, neighboursOf } from './carried-keys.ts';
import type { CrossingKey } from './crossing-keys.ts';

const sides = { monolith: { url: 'http://m' }, service: { url: 'http://s' }, routes: [] };
const countries = (where?: RowCondition): MigrationDefinition => ({
  ...sides,
  context: 'countries',
  data: 'reference',
  tables: [
    {
      monolith: 'countries',
      ...(where && { where }),
      service: [{ table: 'lands', columns: { code: 'iso', tenant: { to: 'owner' } } }],
    },
  ],
});
const orders = (where?: RowCondition): MigrationDefinition => ({
  ...sides,
  context: 'orders',
  data: 'replicated',
  reads: ['countries'],
  tables: [
    {
      monolith: 'orders',
      ...(where && { where }),
      service: [
        { table: 'sales', columns: { bill: 'bill_land', ship: 'ship_land', tenant: 'owner' } },
      ],
    },
  ],
});

const key = (side: Side, child: readonly string[], parent: readonly string[]): CrossingKey => {
  const [own, theirs] = side === 'monolith' ? ['orders', 'countries'] : ['sales', 'lands'];
  return {
    side,
    name: `${own}.${child.join()}`,
    mapped: 'child',
    child: { schema: 'public', table: own, columns: child },
    parent: { schema: 'public', table: theirs, columns: parent },
    onDelete: 'no action',
    onUpdate: 'no action',
    setColumns: [],
    childStreamed: false,
    decision: null,
  };
};
const bill = key('monolith', ['bill'], ['code']);
const ship = key('monolith', ['ship'], ['code']);
const shipLand = key('service', ['ship_land'], ['iso']);

test('a key that both sides have is carried, whichever end is mapped', () => {
  const keys = [bill, ship, shipLand];
  expect(carriedBy(ship, keys, orders(), [countries()])).toBe('countries');
  expect(carriedBy(shipLand, keys, orders(), [countries()])).toBe('countries');
  const asParent = keys.map((one) => ({ ...one, mapped: 'parent' as const }));
  for (const one of asParent.slice(1))
    expect(carriedBy(one, asParent, countries(), [orders()])).toBe('orders');
});

test('a key that one side alone has is not carried by another key between the same tables', () => {
  expect(carriedBy(bill, [bill, ship, shipLand], orders(), [countries()])).toBeUndefined();
  expect(carriedBy(ship, [ship], orders(), [countries()])).toBeUndefined();
});

test('what a reference leaves out is not carried, but where the key holds the column that decides', () => {
  const five = { tenant: '5' };
  const alone = [ship, shipLand];
  expect(carriedBy(ship, alone, orders(), [countries(five)])).toBeUndefined();
  expect(carriedBy(ship, alone, orders(five), [countries()])).toBe('countries');
  const tied = [
    key('monolith', ['ship', 'tenant'], ['code', 'tenant']),
    key('service', ['owner', 'ship_land'], ['owner', 'iso']),
  ];
  for (const one of tied) {
    expect(carriedBy(one, tied, orders(five), [countries(five)])).toBe('countries');
    expect(carriedBy(one, tied, orders(), [countries(five)])).toBeUndefined();
  }
});

test('the neighbours of a context are what it reads, and who reads it', () => {
  const other = { ...orders(), context: 'other', reads: [] };
  const all = [orders(), countries(), other];
  expect(neighboursOf(orders(), all).map(({ context }) => context)).toEqual(['countries']);
  expect(neighboursOf(countries(), all).map(({ context }) => context)).toEqual(['orders']);
});
