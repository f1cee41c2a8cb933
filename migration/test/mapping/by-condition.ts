import { expect } from '@jest/globals';
import { codeOf, type TableMapping } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { contextTables, installFence } from '../../src/cutover/index.ts';
import { lsnFromText } from '../../src/database/lsn.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import type { Transport } from '../../src/stream/index.ts';
import { verify, type VerifyResult } from '../../src/verify/index.ts';
import { caughtUp, flip, openShop, type Shop } from '../worker/shop.ts';

/** `items`: the condition is in the key. `docs`: it is not, and the service lacks two of its columns. */
const monolithSchema = `
CREATE TYPE kind AS ENUM ('note', 'it''s', 'plan');
CREATE TABLE items (tenant int, id bigint, name text, big text, PRIMARY KEY (tenant, id));
CREATE TABLE docs (id bigint PRIMARY KEY, tenant text NOT NULL, closed_by int, kind kind, big text, note varchar(40) DEFAULT 'made here');
ALTER TABLE items ALTER big SET STORAGE EXTERNAL; ALTER TABLE docs ALTER big SET STORAGE EXTERNAL;
ALTER TABLE docs REPLICA IDENTITY FULL;
INSERT INTO items SELECT n % 4, n, 'item ' || n, CASE WHEN n % 50 = 0 THEN repeat(md5(n::text), 150) END FROM generate_series(1, 3000) n;
INSERT INTO docs SELECT n, CASE n % 3 WHEN 0 THEN 'a\\b' ELSE 'other' END, nullif(n % 5, 0), (ARRAY['note', 'it''s', 'plan'])[n % 4]::kind,
  CASE WHEN n % 50 = 0 THEN repeat(md5(n::text), 150) END FROM generate_series(1, 3000) n`;
const serviceSchema = `
CREATE TABLE things (tenant int, id bigint, name text, big text, PRIMARY KEY (tenant, id));
CREATE TABLE papers (id bigint PRIMARY KEY, kind text, big text)`;
const tables: readonly TableMapping[] = [
  {
    monolith: 'items',
    where: { tenant: ['1', '2'] },
    service: [
      { table: 'things', columns: { tenant: 'tenant', id: 'id', name: 'name', big: 'big' } },
    ],
  },
  {
    monolith: 'docs',
    where: { tenant: 'a\\b', closed_by: null, kind: ['note', "it's"] },
    service: [{ table: 'papers', columns: { id: 'id', kind: 'kind', big: 'big' } }],
    ids: { id: { reason: 'the service begins at a million' } },
  },
];

export async function openByCondition(transport?: Transport): Promise<Shop> {
  const shop = await openShop({}, transport);
  await shop.monolith.query(monolithSchema);
  await shop.service.query(serviceSchema);
  return { ...shop, definition: { ...shop.definition, tables } };
}

export const rows = async (client: pg.Client, text: string): Promise<string[]> =>
  (
    await client.query<{ row: string }>(`SELECT t::text AS row FROM (${text}) t ORDER BY 1`)
  ).rows.map(({ row }) => row);

/** By conditions that this test wrote in its own words. */
export const meantRows = async (shop: Shop): Promise<string[]> => [
  ...(await rows(
    shop.monolith,
    'SELECT tenant, id, name, md5(big) FROM items WHERE tenant = 1 OR tenant = 2',
  )),
  ...(await rows(
    shop.monolith,
    `SELECT id, kind, md5(big) FROM docs WHERE starts_with(tenant, 'a') AND coalesce(closed_by, 0) = 0 AND kind::text !~ 'plan'`,
  )),
];
export const keptRows = async (shop: Shop): Promise<string[]> => [
  ...(await rows(shop.monolith, 'SELECT * FROM items WHERE tenant NOT IN (1, 2)')),
  ...(await rows(
    shop.monolith,
    `SELECT * FROM docs WHERE tenant = 'other' OR closed_by <> 0 OR kind IS NULL OR kind = 'plan'`,
  )),
];
const serviceRows = async (shop: Shop): Promise<string[]> => [
  ...(await rows(shop.service, 'SELECT tenant, id, name, md5(big) FROM things')),
  ...(await rows(shop.service, 'SELECT id, kind, md5(big) FROM papers')),
];

export async function verified(
  shop: Shop,
  direction: 'forward' | 'reverse',
): Promise<VerifyResult> {
  const side = direction === 'forward' ? shop.service : shop.monolith;
  return verify({
    mapping: await loadMapping(shop.definition, shop.monolith, shop.service),
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    direction,
    chunkRows: 200,
    catchUpMs: 60_000,
    async appliedPosition() {
      const found = await side.query<{ position: string }>(
        `SELECT position FROM strangler.streams WHERE context = 'goods' AND direction = $1`,
        [direction],
      );
      return lsnFromText(found.rows[0]?.position ?? '0/0');
    },
  });
}

export async function expectSame(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  await caughtUp(shop, direction);
  const meant = await meantRows(shop);
  expect(await serviceRows(shop)).toEqual(meant);
  expect(meant.length).toBeGreaterThan(1000);
  const result = await verified(shop, direction);
  expect(result.tables.map(({ differing, unsettled }) => ({ differing, unsettled }))).toEqual([
    { differing: [], unsettled: 0 },
    { differing: [], unsettled: 0 },
  ]);
  expect(result.rowsCompared).toBe(meant.length);
}

/** The same numbers every time. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Rows come, go and move over the border, one by one and many at once, large values among them. */
function change(next: (below: number) => number): string {
  const id = 1 + next(3000);
  const some = `id BETWEEN ${id} AND ${id + next(60)}`;
  const tenant = next(4);
  const text = ["'a\\b'", "'other'"][next(2)] ?? '';
  const kind = ["'note'", "'it''s'", "'plan'", 'NULL'][next(4)] ?? '';
  const changes = [
    `UPDATE items SET tenant = ${tenant} WHERE id = ${id} AND big IS NULL`,
    `UPDATE items SET tenant = (tenant + 1) % 4, big = CASE WHEN big IS NOT NULL THEN repeat(md5(big), 150) END WHERE ${some}`,
    `UPDATE items SET name = name || '.' WHERE ${some}`,
    `UPDATE items SET id = id + 100000, name = 'moved', big = NULL WHERE id = ${id}`,
    `DELETE FROM items WHERE ${some} AND tenant = ${tenant}`,
    `INSERT INTO items VALUES (${tenant}, ${id}, 'again', NULL) ON CONFLICT DO NOTHING`,
    `UPDATE docs SET tenant = ${text} WHERE ${some}`,
    `UPDATE docs SET closed_by = ${['NULL', '7'][next(2)]}, tenant = ${text} WHERE ${some}`,
    `UPDATE docs SET kind = ${kind} WHERE ${some}`,
    `UPDATE docs SET id = id + 100000, tenant = ${text} WHERE id = ${id}`,
    `DELETE FROM docs WHERE ${some} AND tenant = ${text}`,
    `INSERT INTO docs VALUES (${id}, ${text}, ${['NULL', '7'][next(2)]}, ${kind}) ON CONFLICT DO NOTHING`,
  ];
  return changes[next(changes.length)] ?? '';
}

async function workload(client: pg.Client, seed: number, transactions: number): Promise<void> {
  const next = numbers(seed);
  for (let made = 0; made < transactions; made += 1) {
    const statements = Array.from({ length: 1 + next(4) }, () => change(next));
    const end = next(8) === 0 ? 'ROLLBACK' : 'COMMIT';
    // some would take a key that is there
    await client.query(`BEGIN; ${statements.join('; ')}; ${end}`).catch(async (error: unknown) => {
      if (codeOf(error) !== '23505') throw error;
      await client.query('ROLLBACK');
    });
  }
}

export const letters = async (client: pg.Client): Promise<string[]> =>
  (await listDeadLetters(client, { context: 'goods' }))
    .map(({ key, errorCode }) => `${JSON.stringify(key)} ${errorCode}`)
    .sort();

/** Copy and stream, with a border that rows pass all the time. */
export async function expectForward(shop: Shop, transactions: number): Promise<void> {
  await expectSame(shop, 'forward');
  await workload(shop.monolith, 7, transactions);
  await expectSame(shop, 'forward');
  expect(await letters(shop.service)).toEqual([]);
}

/** The service owns its rows, behind the fence that stands then; the monolith goes on with the others. */
export async function giveToService(shop: Shop): Promise<void> {
  await flip(shop, 'service');
  await installFence(shop.monolith, {
    context: 'goods',
    owner: 'service',
    mode: 'refuse',
    tables: contextTables(shop.definition).monolith,
  });
  await caughtUp(shop, 'reverse');
}
