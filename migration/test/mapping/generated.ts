import { expect } from '@jest/globals';
import { codeOf, type TableMapping } from '@strangler-toolkit/plan';
import fc from 'fast-check';
import type { Transport } from '../../src/stream/index.ts';
import { caughtUp, openShop, type Shop, startWorker } from '../worker/shop.ts';
import { letters, rows, verified } from './by-condition.ts';
import { columns, keys } from './generated-columns.ts';
import {
  kinds,
  type Made,
  make,
  named,
  type Plan,
  type Side,
  type Table,
} from './generated-tables.ts';
import { giveBack, giveToService } from './moved.ts';

/** What happens to the rows `n` to `n + span` of a plan's tables. */
interface Op {
  readonly plan: number;
  readonly op: 'insert' | 'update' | 'delete' | 'rekey' | 'pass';
  readonly n: number;
  readonly span: number;
}
export interface Generated {
  readonly plans: readonly Plan[];
  readonly there: readonly Op[];
  readonly back: readonly Op[];
}

const ops = fc.array(
  fc.record({
    plan: fc.nat(kinds.length - 1),
    op: fc.constantFrom<Op['op']>('insert', 'update', 'update', 'delete', 'rekey', 'pass'),
    n: fc.integer({ min: 1, max: 300 }),
    span: fc.nat(30),
  }),
  { minLength: 60, maxLength: 100 },
);

/** One plan of each kind, so that each run meets them all. */
export const generated: fc.Arbitrary<Generated> = fc.record({
  plans: fc.tuple(
    ...kinds.map((kind) =>
      fc.record({
        kind: fc.constant(kind),
        key: fc.nat(keys.length - 1),
        columns: fc.uniqueArray(fc.nat(columns.length - 1), { minLength: 2, maxLength: 5 }),
      }),
    ),
  ),
  there: ops,
  back: ops,
});

function insert(table: Table, from: number, to: number): string {
  const { side, name, key, told, only = 'true', partOf } = table;
  const value = side === 'monolith' ? 'value' : 'valueThere';
  const all = [...key, ...table.columns];
  const into = [
    ...all.map((one) => named(side, one.name)),
    ...(partOf === undefined ? ['x'] : []),
    ...(told === undefined ? [] : [told.name]),
  ];
  const values = [
    ...all.map((one) => one[value]('x')),
    ...(partOf === undefined ? ['x'] : []),
    ...(told === undefined ? [] : [told.value]),
  ];
  return `INSERT INTO ${name} (${into.join(', ')}) SELECT ${values.join(', ')} FROM generate_series(${from}, ${to}) x
    WHERE ${only} ON CONFLICT DO NOTHING`;
}

/** Keys that the monolith never gives out are those of rows that the service makes. */
const apart: Readonly<Record<Side, number>> = { monolith: 100_000, service: 1_000_000 };

function statements(table: Table, { op, n, span }: Op): string[] {
  const { side, name, key, told, next, partOf } = table;
  const value = side === 'monolith' ? 'value' : 'valueThere';
  const keyNames = key.map((one) => named(side, one.name)).join(', ');
  const range = `x BETWEEN ${n} AND ${n + span}`;
  const where =
    partOf === undefined
      ? range
      : `(${keyNames}) IN (SELECT ${keyNames} FROM ${partOf} WHERE ${range})`;
  const one = table.columns[n % table.columns.length]!;
  const update = `UPDATE ${name} SET ${named(side, one.name)} = ${one[value](partOf === undefined ? `x + ${n}` : `${n}`)} WHERE ${where}`;
  switch (op) {
    case 'insert': {
      const from = side === 'monolith' ? n : n + 500_000;
      return [insert(table, from, from + span)];
    }
    case 'delete':
      return [`DELETE FROM ${name} WHERE ${where}`];
    case 'rekey': {
      // the parts of a row would have to change together
      if (partOf !== undefined || table.columns.length === 1) return [update];
      const moved = key
        .filter((column) => column.name !== 'tenant')
        .map((column) => `${named(side, column.name)} = ${column[value](`x + ${apart[side]}`)}`);
      return [`UPDATE ${name} SET ${moved.join(', ')}, x = x + ${apart[side]} WHERE x = ${n}`];
    }
    case 'pass':
      if (next !== undefined)
        return [
          `INSERT INTO ${next} SELECT * FROM ${name} WHERE ${range}`,
          `DELETE FROM ${name} WHERE ${range}`,
        ];
      return [
        told === undefined
          ? update
          : `UPDATE ${name} SET ${told.name} = ${told.next} WHERE ${range}`,
      ];
    case 'update':
      return [update];
  }
}

/** Some at a time; who takes a key that is there takes nothing of it back. */
async function work(
  shop: Shop,
  side: Side,
  made: readonly Made[],
  some: readonly Op[],
): Promise<void> {
  for (let at = 0; at < some.length; at += 3) {
    const texts = some
      .slice(at, at + 3)
      .flatMap((op) =>
        (made[op.plan]?.tables ?? [])
          .filter((table) => table.side === side)
          .flatMap((table) => statements(table, op)),
      );
    await shop[side].query(`BEGIN; ${texts.join('; ')}; COMMIT`).catch(async (error: unknown) => {
      if (codeOf(error) !== '23505') throw error;
      await shop[side].query('ROLLBACK');
    });
  }
}

async function expectSame(shop: Shop, made: readonly Made[], direction: 'forward' | 'reverse') {
  await caughtUp(shop, direction);
  const waiting = await letters(direction === 'forward' ? shop.service : shop.monolith);
  expect(waiting).toEqual([]);
  for (const { same } of made) {
    const wanted = await rows(shop.monolith, same.monolith);
    expect(await rows(shop.service, same.service)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(20);
  }
  const { tables } = await verified(shop, direction);
  expect(tables.filter(({ differing, unsettled }) => differing.length + unsettled > 0)).toEqual([]);
}

/** Copied, streamed, given to the service by the whole protocol, streamed back, and returned. */
export async function expectGenerated(
  { plans, there, back }: Generated,
  transportOf?: (tables: readonly TableMapping[]) => Promise<Transport>,
): Promise<void> {
  const made = plans.map(make);
  const mapped = made.flatMap(({ mappings }) => mappings);
  await using opened = await openShop({}, await transportOf?.(mapped));
  const shop: Shop = { ...opened, definition: { ...opened.definition, tables: mapped } };
  for (const side of ['monolith', 'service'] as const)
    await shop[side].query(made.map(({ ddl }) => ddl[side]).join(' '));
  const first = made.flatMap(({ tables }) => tables).filter(({ side }) => side === 'monolith');
  await shop.monolith.query(first.map((table) => insert(table, 1, 300)).join('; '));
  await using _worker = startWorker(shop);
  await expectSame(shop, made, 'forward');
  await work(shop, 'monolith', made, there);
  await expectSame(shop, made, 'forward');
  await giveToService(shop);
  await work(shop, 'service', made, back);
  await expectSame(shop, made, 'reverse');
  await giveBack(shop);
  await work(shop, 'monolith', made, back);
  await expectSame(shop, made, 'forward');
}
