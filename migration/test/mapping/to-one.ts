import { expect } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import type { Transport } from '../../src/stream/index.ts';
import { attempt } from '../worker/large-shop.ts';
import { caughtUp, openShop, type Shop } from '../worker/shop.ts';
import { letters, numbers, rows, verified } from './by-condition.ts';

/** Two tables of the monolith, whose ids are the same numbers, are one of the service. One has a column called as what tells them apart. */
const monolithSchema = `
CREATE TABLE cars (id bigint PRIMARY KEY, name text, doors int, kind text) WITH (fillfactor = 10);
CREATE TABLE boats (no bigint PRIMARY KEY, title text, metres numeric(8,2)) WITH (fillfactor = 10);
INSERT INTO cars SELECT n, 'car ' || n || repeat('.', 700), n % 5, 'estate' FROM generate_series(1, 1000) n;
INSERT INTO boats SELECT n, 'boat ' || n || repeat('.', 700), n / 10.0 FROM generate_series(1, 1000) n`;
const serviceSchema = `
CREATE TABLE vehicles (id bigint, sort text, kind text, label text, doors int, metres numeric(8,2), PRIMARY KEY (id, kind))`;
const ids = { id: { reason: 'the test gives them out' } };
const tables: readonly TableMapping[] = [
  {
    monolith: 'cars',
    service: [
      {
        table: 'vehicles',
        columns: { id: 'id', name: 'label', doors: 'doors', kind: 'sort' },
        constants: { kind: 'car' },
      },
    ],
    ids,
  },
  {
    monolith: 'boats',
    service: [
      {
        table: 'vehicles',
        columns: { no: 'id', title: 'label', metres: 'metres' },
        constants: { kind: 'boat' },
      },
    ],
    ids: { no: ids.id },
  },
];

export async function openToOne(transport?: Transport): Promise<Shop> {
  const shop = await openShop({}, transport);
  await shop.monolith.query(monolithSchema);
  await shop.service.query(serviceSchema);
  return { ...shop, definition: { ...shop.definition, tables } };
}

const meant = async ({ monolith }: Shop): Promise<string[]> => [
  ...(await rows(monolith, `SELECT 'boat', no, title, NULL, metres, NULL FROM boats`)),
  ...(await rows(monolith, `SELECT 'car', id, name, doors, NULL, kind FROM cars`)),
];

export async function expectOne(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  await caughtUp(shop, direction);
  const wanted = await meant(shop);
  const there = await rows(
    shop.service,
    'SELECT kind, id, label, doors, metres, sort FROM vehicles',
  );
  expect(there).toEqual(wanted);
  expect(wanted.length).toBeGreaterThan(500);
  const { tables: compared, rowsCompared } = await verified(shop, direction);
  expect(compared.map(({ table, differing, unsettled }) => [table, differing, unsettled])).toEqual([
    ['cars', [], 0],
    ['boats', [], 0],
  ]);
  expect(rowsCompared).toBe(wanted.length);
  const side = direction === 'forward' ? shop.service : shop.monolith;
  expect(await letters(side)).toEqual([]);
}

const between = (id: number, next: (below: number) => number): string =>
  `BETWEEN ${id} AND ${id + next(40)}`;

function changeAtMonolith(next: (below: number) => number): string {
  const id = 1 + next(1000);
  const changes = [
    `UPDATE cars SET name = name || '.' WHERE id ${between(id, next)}`,
    `UPDATE boats SET title = title || '.', metres = NULL WHERE no ${between(id, next)}`,
    `DELETE FROM cars WHERE id ${between(id, next)}`,
    `DELETE FROM boats WHERE no = ${id}`,
    `INSERT INTO cars VALUES (${id}, 'again') ON CONFLICT DO NOTHING`,
    `INSERT INTO boats SELECT n, 'again' FROM generate_series(${id}, ${id + 30}) n ON CONFLICT DO NOTHING`,
    `UPDATE cars SET id = id + 100000 WHERE id = ${id}`,
    `INSERT INTO boats SELECT id, name FROM cars WHERE id = ${id} ON CONFLICT DO NOTHING; DELETE FROM cars WHERE id = ${id}`,
  ];
  return changes[next(changes.length)] ?? '';
}

function changeAtService(next: (below: number) => number): string {
  const id = 1 + next(1000);
  const kind = next(2) === 0 ? 'car' : 'boat';
  const free = `NOT EXISTS (SELECT FROM vehicles v WHERE v.id = vehicles.id AND v.kind <> vehicles.kind)`;
  const changes = [
    `UPDATE vehicles SET label = label || '!' WHERE id ${between(id, next)}`,
    `DELETE FROM vehicles WHERE id ${between(id, next)} AND kind = '${kind}'`,
    `INSERT INTO vehicles (id, kind, label) VALUES (${id}, '${kind}', 'again') ON CONFLICT DO NOTHING`,
    `UPDATE vehicles SET kind = CASE kind WHEN 'car' THEN 'boat' ELSE 'car' END, doors = NULL, metres = NULL, sort = NULL
       WHERE id ${between(id, next)} AND ${free}`,
    `UPDATE vehicles SET id = id + 100000 WHERE id = ${id}`,
  ];
  return changes[next(changes.length)] ?? '';
}

/** A copy that is cut off while rows of both change; the next worker goes on with it. */
export async function cutOff(shop: Shop): Promise<void> {
  await attempt(shop, () => workload(shop, 'forward', 40));
  await workload(shop, 'forward', 10);
}

export async function expectWorkload(
  shop: Shop,
  direction: 'forward' | 'reverse',
  transactions: number,
): Promise<void> {
  await expectOne(shop, direction);
  await workload(shop, direction, transactions);
  await expectOne(shop, direction);
}

async function workload(
  shop: Shop,
  direction: 'forward' | 'reverse',
  transactions: number,
): Promise<void> {
  const next = numbers(5);
  const [client, change] =
    direction === 'forward' ? [shop.monolith, changeAtMonolith] : [shop.service, changeAtService];
  for (let made = 0; made < transactions; made += 1) {
    const statements = Array.from({ length: 1 + next(4) }, () => change(next));
    await client
      .query(`BEGIN; ${statements.join('; ')}; COMMIT`)
      .catch(() => client.query('ROLLBACK'));
  }
}
