import { expect } from '@jest/globals';
import { codeOf, type TableMapping } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { Transport } from '../../src/stream/index.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { repair } from '../../src/verify/index.ts';
import { attempt } from '../worker/large-shop.ts';
import { caughtUp, openShop, type Shop } from '../worker/shop.ts';
import { letters, numbers, rows, verified } from './by-condition.ts';

/** One table of the monolith holds three kinds; two of them are tables of their own at the service. */
const monolithSchema = `
CREATE TABLE media (id bigint PRIMARY KEY, kind text NOT NULL, title text, author text, minutes int, big text, shelf text DEFAULT 'made here')
  WITH (fillfactor = 10);
ALTER TABLE media ALTER big SET STORAGE EXTERNAL; ALTER TABLE media REPLICA IDENTITY FULL;
INSERT INTO media SELECT n, (ARRAY['book', 'disc', 'map'])[1 + n % 3], 'title ' || n || repeat('.', 250), CASE n % 3 WHEN 0 THEN 'author ' || n END,
  CASE n % 3 WHEN 1 THEN n END, CASE WHEN n % 50 = 0 THEN repeat(md5(n::text), 150) END, 'a' FROM generate_series(1, 3000) n`;
const serviceSchema = `
CREATE TABLE books (id bigint PRIMARY KEY, title text, author text, big text);
CREATE TABLE discs (id bigint PRIMARY KEY, name text, minutes int, big text)`;
const ids = { id: { reason: 'the test gives them out' } };
const tables: readonly TableMapping[] = [
  {
    monolith: 'media',
    where: { kind: 'book' },
    service: [
      { table: 'books', columns: { id: 'id', title: 'title', author: 'author', big: 'big' } },
    ],
    ids,
  },
  {
    monolith: 'media',
    where: { kind: 'disc' },
    service: [
      { table: 'discs', columns: { id: 'id', title: 'name', minutes: 'minutes', big: 'big' } },
    ],
    ids,
  },
];

export async function openByKind(transport?: Transport): Promise<Shop> {
  const shop = await openShop({}, transport);
  await shop.monolith.query(monolithSchema);
  await shop.service.query(serviceSchema);
  return { ...shop, definition: { ...shop.definition, tables } };
}

/** In this test's own words. */
const meant = async ({ monolith }: Shop): Promise<string[]> => [
  ...(await rows(monolith, `SELECT id, title, author, md5(big) FROM media WHERE kind ~ 'book'`)),
  ...(await rows(monolith, `SELECT id, title, minutes, md5(big) FROM media WHERE kind ~ 'disc'`)),
];
const there = async ({ service }: Shop): Promise<string[]> => [
  ...(await rows(service, 'SELECT id, title, author, md5(big) FROM books')),
  ...(await rows(service, 'SELECT id, name, minutes, md5(big) FROM discs')),
];
export const maps = ({ monolith }: Shop): Promise<string[]> =>
  rows(monolith, `SELECT * FROM media WHERE kind = 'map'`);

async function expectSame(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  await caughtUp(shop, direction);
  const wanted = await meant(shop);
  expect(await there(shop)).toEqual(wanted);
  expect(wanted.length).toBeGreaterThan(500);
  const result = await verified(shop, direction);
  expect(
    result.tables.map(({ table, differing, unsettled }) => [table, differing, unsettled]),
  ).toEqual([
    ['media', [], 0],
    ['media', [], 0],
  ]);
  expect(result.rowsCompared).toBe(wanted.length);
}

function changeAtMonolith(next: (below: number) => number): string {
  const id = 1 + next(3000);
  const some = `id BETWEEN ${id} AND ${id + next(60)}`;
  const kind = ['book', 'disc', 'map'][next(3)] ?? '';
  const changes = [
    `UPDATE media SET kind = '${kind}' WHERE ${some}`,
    `UPDATE media SET kind = CASE kind WHEN 'book' THEN 'disc' ELSE 'book' END, title = title || '.' WHERE ${some}`,
    `UPDATE media SET title = title || '.', minutes = id WHERE ${some}`,
    `UPDATE media SET id = id + 100000, kind = '${kind}' WHERE id = ${id}`,
    `DELETE FROM media WHERE ${some} AND kind = '${kind}'`,
    `INSERT INTO media VALUES (${id}, '${kind}', 'again') ON CONFLICT DO NOTHING`,
  ];
  return changes[next(changes.length)] ?? '';
}

const between = (from: 'books' | 'discs', some: string): readonly [string, string] =>
  from === 'books'
    ? [
        `INSERT INTO discs SELECT id, title, id % 90, big FROM books WHERE ${some} ON CONFLICT DO NOTHING`,
        `DELETE FROM books WHERE ${some}`,
      ]
    : [
        `INSERT INTO books SELECT id, name, 'once a disc', big FROM discs WHERE ${some} ON CONFLICT DO NOTHING`,
        `DELETE FROM discs WHERE ${some}`,
      ];

/** A row goes from one table to the other, in whichever order; never are there two of one key when a transaction ends. */
function changeAtService(next: (below: number) => number): string {
  const id = 1 + next(3000);
  const some = `id BETWEEN ${id} AND ${id + next(60)}`;
  const [from, to] = next(2) === 0 ? (['books', 'discs'] as const) : (['discs', 'books'] as const);
  const free = `NOT EXISTS (SELECT FROM books WHERE id = ${id}) AND NOT EXISTS (SELECT FROM discs WHERE id = ${id})`;
  const [comes, goes] = between(from, some);
  const changes = [
    `${comes}; ${goes}`,
    `UPDATE ${from} SET big = NULL WHERE ${some}; ${comes}; ${goes}`,
    `UPDATE ${from} SET id = id + 100000 WHERE id = ${id}`,
    `UPDATE ${to} SET id = -id WHERE ${some}; ${comes}; ${goes}; UPDATE ${to} SET id = -id WHERE id < 0`,
    `DELETE FROM ${from} WHERE ${some}`,
    `INSERT INTO ${to} SELECT ${id + 3000}, 'new' WHERE ${free.replaceAll(`= ${id}`, `= ${id + 3000}`)}`,
    `UPDATE ${from} SET big = repeat('x', 5000) WHERE ${some}`,
  ];
  return changes[next(changes.length)] ?? '';
}

async function workload(
  client: pg.Client,
  transactions: number,
  change: (next: (below: number) => number) => string,
): Promise<void> {
  const next = numbers(11);
  for (let made = 0; made < transactions; made += 1) {
    const statements = Array.from({ length: 1 + next(4) }, () => change(next));
    await client.query(`BEGIN; ${statements.join('; ')}; COMMIT`).catch(async (error: unknown) => {
      if (codeOf(error) !== '23505') throw error;
      await client.query('ROLLBACK');
    });
  }
}

/** A copy that is cut off while rows pass between what was read and what was not. */
export async function expectResumed(shop: Shop): Promise<void> {
  await attempt(shop, () => workload(shop.monolith, 60, changeAtMonolith));
  await workload(shop.monolith, 20, changeAtMonolith);
  const notes = await attempt(shop);
  expect(notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
}

/** A row that lies in the wrong table is sent as its owner has it. */
export async function expectRepaired(shop: Shop): Promise<void> {
  await shop.service.query(`BEGIN; SET LOCAL session_replication_role = replica;
    INSERT INTO discs SELECT id, 'wrong' FROM books ORDER BY id LIMIT 1;
    DELETE FROM books WHERE id = (SELECT min(id) FROM discs WHERE name = 'wrong'); COMMIT`);
  const result = await verified(shop, 'forward');
  const found = result.tables.flatMap(({ differing }) =>
    differing.map(({ key, kind }) => ({ key, kind })),
  );
  expect(found.map(({ kind }) => kind)).toEqual(['missing', 'extra']);
  const { repaired } = await repair({
    mapping: await loadMapping(shop.definition, shop.monolith, shop.service),
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    direction: 'forward',
    keys: [{ table: 'public.media', key: found[0]?.key ?? [] }],
    appliedPosition: async () =>
      (await readStreamRow(shop.service, 'goods', 'forward'))?.position ?? 0n,
  });
  expect(repaired.map(({ action }) => action)).toEqual(['written']);
  await expectSame(shop, 'forward');
}

/** Copy and stream; rows pass from one table of the service to the other all the time. */
export async function expectForward(shop: Shop, transactions: number): Promise<void> {
  await expectSame(shop, 'forward');
  await workload(shop.monolith, transactions, changeAtMonolith);
  await expectSame(shop, 'forward');
  expect(await letters(shop.service)).toEqual([]);
}

/** As `expectForward`, on the way back, behind the fence. */
export async function expectReverse(shop: Shop, transactions: number): Promise<void> {
  const stays = await maps(shop);
  // one takes the key of the other before that one goes
  await shop.service.query(`
    BEGIN; UPDATE discs SET id = (SELECT max(id) FROM books) WHERE id = (SELECT min(id) FROM discs);
    DELETE FROM books WHERE id = (SELECT max(id) FROM books); COMMIT`);
  await workload(shop.service, transactions, changeAtService);
  await expectSame(shop, 'reverse');
  expect(await letters(shop.monolith)).toEqual([]);
  expect(await maps(shop)).toEqual(stays);
}
