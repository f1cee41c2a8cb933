import { expect, test } from '@jest/globals';
import { inServiceNames } from './append-problems.ts';
import type { MigrationDefinition, TableMapping } from './migration.ts';
import { alone as fileAlone, together } from '../test/support/validity.ts';

const shop = { url: 'http://m', database: { env: 'SHOP' } };
const orders = { url: 'http://s', database: { env: 'ORDERS' } };
const there: TableMapping = {
  monolith: 'log',
  where: { origin: 'monolith' },
  append: 'back',
  service: [{ table: 'audit', columns: { origin: 'source', id: 'id' } }],
};
const back: TableMapping = {
  monolith: 'audit',
  where: { source: ['service', 'jobs'] },
  append: 'there',
  service: [{ table: 'public.log', columns: { source: 'origin', id: 'id' } }],
};
const base = { data: 'reference', routes: [] } as const;
const first = (changes: Partial<TableMapping> = {}): MigrationDefinition => ({
  ...base,
  context: 'there',
  monolith: shop,
  service: orders,
  tables: [{ ...there, ...changes }],
});
const second = (changes: Partial<TableMapping> = {}): MigrationDefinition => ({
  ...base,
  context: 'back',
  monolith: orders,
  service: shop,
  tables: [{ ...back, ...changes }],
});
const alone = (definition: MigrationDefinition): string => fileAlone(definition, 'c.ts');
/** Without the field. */
const { append: _append, ...silent } = there;
const { append: _back, ...silentBack } = back;

test('a table that both sides write says by its key whose a row is, in a reference', () => {
  expect([alone(first()), alone(second())]).toEqual(['valid', 'valid']);
  const { where: _where, ...everyRow } = there;
  expect(alone({ ...first(), tables: [everyRow] })).toContain('c.ts: tables[0].append needs where');
  expect(alone(first({ append: 'there' }))).toContain('not this one');
  expect(alone({ ...first(), data: 'projection' })).toContain("append is for data: 'reference'");
  expect(
    alone(
      first({
        service: [{ table: 'audit', columns: { origin: { to: 'o', values: {} }, id: 'id' } }],
      }),
    ),
  ).toContain('must name columns that one service table takes as they are');
  const [part] = there.service;
  const more = { table: 'more', columns: { id: 'id' } };
  expect(alone(first({ service: [part, more] }))).toContain('must name columns that one');
});

test('the condition in the names of the service', () => {
  expect(inServiceNames(there)).toEqual({ source: 'monolith' });
  expect(inServiceNames({ ...there, where: { id: '1' } })).toEqual({ id: '1' });
  expect(inServiceNames({ ...there, where: { other: '1' } })).toBeUndefined();
});

test('both directions name each other, and no row meets the conditions of both', () => {
  expect(together(first(), second())).toBe('valid');
  expect(together(first())).toContain(
    'there.ts: tables[0].append "back" is no reference of this folder',
  );
  expect(together(first(), second({ monolith: 'others' }))).toContain('"back" is no reference of');
  expect(together(first(), second({ append: 'elsewhere' }))).toContain(
    `"back" carries its rows back, and does not say so: append: 'there'`,
  );
  expect(together(first(), second({ where: { source: ['service', 'monolith'] } }))).toContain(
    'one row would have two writers',
  );
  expect(together(first(), second({ where: { id: '7' } }))).toContain('one row would have two');
  const owner = { ...first(), context: 'owner', data: 'replicated' as const, tables: [silent] };
  expect(
    together(first(), second(), { ...owner, service: { ...orders, database: 'postgres://o' } }),
  ).toContain('which owner.ts maps: a table that changes its owner has one writer');
});

test('rows that would go in circles are refused where nobody says that both sides write them', () => {
  const circle = 'gets back what goes out of it, in a circle';
  const told = together({ ...first(), tables: [silent] }, { ...second(), tables: [silentBack] });
  expect(told).toContain(`there.ts: tables[0].monolith "log" ${circle}`);
  expect(told).toContain(`back.ts: tables[0].monolith "audit" ${circle}`);
  // by way of a third database
  const third = { url: 'http://t', database: { env: 'THIRD' } };
  const middle = { ...second(), context: 'middle', service: third, tables: [silentBack] };
  const home = {
    ...second(),
    context: 'home',
    monolith: third,
    tables: [{ ...silentBack, monolith: 'log' }],
  };
  expect(together({ ...first(), tables: [silent] }, middle, home)).toContain(circle);
  expect(together({ ...first(), tables: [silent] }, middle)).toBe('valid');
});
