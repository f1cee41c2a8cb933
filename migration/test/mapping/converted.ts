import { expect } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import { until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { lsnFromText } from '../../src/database/lsn.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import type { Transport } from '../../src/stream/index.ts';
import { verify, type VerifyResult } from '../../src/verify/index.ts';
import { caughtUp, flip, openShop, type Shop, startWorker } from '../worker/shop.ts';

const spell =
  'CREATE FUNCTION spell(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT reverse($1) $$';
const monolithSchema = `
${spell};
CREATE TYPE mood AS ENUM ('fine', 'so, so');
CREATE TABLE accounts (ref text PRIMARY KEY, cents bigint, active char(1), made bigint, seen_ms bigint, token uuid, mood mood,
  fee numeric(10,2), open boolean, at timestamptz, on_ms timestamptz(3), grams int, word varchar(9),
  doc jsonb, city text, zip int);
INSERT INTO accounts SELECT md5(n::text)::uuid::text, n * 7 - 500, CASE n % 3 WHEN 0 THEN 'Y' WHEN 1 THEN 'N' END, n * 86399 - 1000000000,
  n * 12345678901 - 99999, md5(n::text)::uuid, (ARRAY['fine', 'so, so'])[n % 3]::mood, n / 100.0, n % 2 = 0,
  timestamptz '1960-01-01 00:00:00+00' + n * interval '1 month', timestamptz '9999-12-31 00:00:00.123+00' + n * interval '1 day',
  n * 37 - 4000, 'w' || n,
  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN 'null' WHEN 2 THEN '{}' ELSE jsonb_build_object('street', 'S' || n, 'area', n / 100.0,
    'flat', jsonb_build_object('floor', n, 'lift', n % 2 = 0, 'own', -n), 'rest', jsonb_build_array(n, NULL), 'kept', n) END,
  CASE WHEN n % 3 > 0 THEN 'C"' || n END, nullif(n % 4, 0)
  FROM generate_series(1, 500) n;
INSERT INTO accounts (ref) VALUES ('00000000-0000-0000-0000-000000000000')`;
const serviceSchema = `
CREATE TABLE holders (id uuid PRIMARY KEY, balance numeric(20,2), active boolean, made timestamptz, seen timestamptz(3), token text, mood text,
  fee_cents int, open text, at_s bigint, on_ms bigint, kilos numeric(9,3), drow text,
  street varchar(20), floor int, lift boolean, area numeric, rest jsonb, place jsonb NOT NULL);
${spell}`;
const columns: TableMapping['service'][0]['columns'] = {
  ref: { to: 'id', as: 'text-to-uuid' },
  cents: { to: 'balance', as: 'cents-to-decimal' },
  active: { to: 'active', as: 'letters-to-boolean', letters: { true: 'Y', false: 'N' } },
  made: { to: 'made', as: 'epoch-seconds-to-timestamptz' },
  seen_ms: { to: 'seen', as: 'epoch-milliseconds-to-timestamptz' },
  token: { to: 'token', as: 'uuid-to-text' },
  mood: 'mood',
  fee: { to: 'fee_cents', as: 'decimal-to-cents' },
  open: { to: 'open', as: 'boolean-to-letters', letters: { true: 'yes', false: 'no' } },
  at: { to: 'at_s', as: 'timestamptz-to-epoch-seconds' },
  on_ms: { to: 'on_ms', as: 'timestamptz-to-epoch-milliseconds' },
  grams: { to: 'kilos', functions: { forward: 'value * 0.001 -- kg', reverse: 'value * 1000' } },
  city: { to: 'place', field: ['city'] },
  zip: { to: 'place', field: ['post', 'zip'] },
  word: {
    to: 'drow',
    functions: { forward: 'upper(spell(value))', reverse: 'lower(spell(value))' },
  },
};

const fields: NonNullable<TableMapping['service'][0]['fields']> = [
  { from: 'doc', field: ['street'], to: 'street' },
  { from: 'doc', field: ['flat', 'floor'], to: 'floor' },
  { from: 'doc', field: ['flat', 'lift'], to: 'lift' },
  { from: 'doc', field: ['area'], to: 'area' },
  { from: 'doc', field: ['rest'], to: 'rest' },
];

export const tables: readonly TableMapping[] = [
  { monolith: 'accounts', service: [{ table: 'holders', columns, fields }] },
];

/** Two sides of which hardly a column has the type of the other. */
export async function openConverted(transport?: Transport): Promise<Shop> {
  const shop = await openShop({}, transport);
  await shop.monolith.query(monolithSchema);
  await shop.service.query(serviceSchema);
  return { ...shop, definition: { ...shop.definition, tables } };
}

/** What the monolith's JSON holds beside the fields that are mapped. */
async function others({ monolith }: Shop): Promise<[string, string | null][]> {
  const { rows } = await monolith.query<{ ref: string; other: string | null }>(
    `SELECT ref, (doc - '{street,flat,area,rest}'::text[] || jsonb_build_object('own', doc #> '{flat,own}'))::text AS other
     FROM accounts WHERE jsonb_typeof(doc) = 'object'`,
  );
  expect(rows.length).toBeGreaterThan(200);
  return rows.map(({ ref, other }) => [ref, other]);
}

/** By the databases' own conversions, in the monolith's terms. */
async function bothSides({
  monolith,
  service,
}: Shop): Promise<{ there: string[]; here: string[] }> {
  const rows = async (client: pg.Client, table: string, text: string): Promise<string[]> => {
    const result = await client.query<{ row: string }>(
      `SELECT ROW(${text})::text AS row FROM ${table} ORDER BY 1`,
    );
    return result.rows.map(({ row }) => row);
  };
  return {
    there: await rows(
      monolith,
      'accounts',
      `ref, cents, active, made, seen_ms, token, mood, fee, open, at AT TIME ZONE 'UTC', on_ms AT TIME ZONE 'UTC', grams, word,
       doc ->> 'street', doc #>> '{flat,floor}', doc #>> '{flat,lift}', doc ->> 'area', doc -> 'rest', city, zip`,
    ),
    here: await rows(
      service,
      'holders',
      `id, (balance * 100)::bigint, CASE WHEN active THEN 'Y' WHEN NOT active THEN 'N' END, extract(epoch FROM made)::bigint,
       round(extract(epoch FROM seen) * 1000)::bigint, token, mood, (fee_cents / 100.0)::numeric(10,2), open = 'yes',
       timestamp '1970-01-01' + make_interval(days => (at_s / 86400)::int, secs => at_s % 86400),
       (timestamp '1970-01-01' + make_interval(days => (on_ms / 86400000)::int, secs => (on_ms % 86400000) / 1000.0))::timestamp(3),
       (kilos * 1000)::int, lower(reverse(drow)),
       street, floor, lift::text, area, rest, place ->> 'city', place #>> '{post,zip}'`,
    ),
  };
}

async function verified(shop: Shop, direction: 'forward' | 'reverse'): Promise<VerifyResult> {
  const side = direction === 'forward' ? shop.service : shop.monolith;
  return verify({
    mapping: await loadMapping(shop.definition, shop.monolith, shop.service),
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    direction,
    chunkRows: 100,
    catchUpMs: 60_000,
    async appliedPosition() {
      const { rows } = await side.query<{ position: string }>(
        `SELECT position FROM strangler.streams WHERE context = 'goods' AND direction = $1`,
        [direction],
      );
      return lsnFromText(rows[0]?.position ?? '0/0');
    },
  });
}

async function expectEqual(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  await caughtUp(shop, direction);
  const { there, here } = await bothSides(shop);
  expect(here).toEqual(there);
  expect(there.length).toBeGreaterThan(400);
  const result = await verified(shop, direction);
  expect(result.tables.map(({ differing, unsettled }) => ({ differing, unsettled }))).toEqual([
    { differing: [], unsettled: 0 },
  ]);
}

const uuid = (n: number): string => `aaaaaaaa-0000-0000-0000-${String(n).padStart(12, '0')}`;

/** Copy, stream and comparison of every conversion, the key's included. */
async function expectForward(shop: Shop): Promise<void> {
  await expectEqual(shop, 'forward');
  await shop.monolith.query(`
    INSERT INTO accounts VALUES ('${uuid(1)}', 9223372036854775807, 'Y', -62135596801, -1, '${uuid(2)}', 'fine', -0.01, true,
      '0044-03-15 BC', '10000-01-01 00:00:00.001+00', -1, 'ä', '{"flat": {"floor": -1}, "area": 1.50e3, "rest": null}', '', 0), ('${uuid(3)}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    UPDATE accounts SET cents = -cents, active = 'N', made = made + 1, fee = fee + 0.01, open = NOT open, grams = grams * 2, word = word || '.' WHERE fee < 1;
    UPDATE accounts SET doc = doc - 'area' || jsonb_build_object('street', 'T' || fee, 'more', 1), city = zip, zip = length(city)
      WHERE fee < 2 AND jsonb_typeof(doc) = 'object';
    UPDATE accounts SET doc = doc || (SELECT jsonb_build_object('rest', jsonb_agg(md5(n::text)), 'kept', 9) FROM generate_series(1, 3000) n)
      WHERE fee = 4.48;
    UPDATE accounts SET cents = 3 WHERE fee = 4.48;
    UPDATE accounts SET ref = '${uuid(4)}' WHERE cents = 0 OR fee = 2.5;
    DELETE FROM accounts WHERE fee BETWEEN 3 AND 3.1`);
  await expectEqual(shop, 'forward');
  expect(await listDeadLetters(shop.service, { context: 'goods' })).toEqual([]);
}

export async function expectBothWays(shop: Shop): Promise<void> {
  await using _worker = startWorker(shop);
  await expectForward(shop);
  const kept = await others(shop);
  await flip(shop, 'service');
  await caughtUp(shop, 'reverse');
  await shop.service.query(`
    INSERT INTO holders VALUES ('${uuid(5)}', 12.50, true, '1969-12-31 23:59:59+00', '2024-01-01 00:00:00.007+00', '${uuid(6)}', 'so, so', 99, 'no', -1, -1, 0.007, 'OHA',
      'new', NULL, true, 0.10, 'null', '{"city": "Bern", "own": 1}');
    UPDATE holders SET balance = 4 WHERE fee_cents = 448;
    UPDATE holders SET street = NULL, floor = floor + 1, lift = NOT lift, area = area * 1.0, place = place || '{"post": {"zip": 7, "own": 2}}'
      WHERE fee_cents % 7 = 0;
    UPDATE holders SET street = 'given', floor = 0, place = place - 'city' WHERE fee_cents % 7 = 1;
    UPDATE holders SET balance = balance + 0.01, active = NULL, made = made - interval '1 day', open = 'yes', kilos = -kilos, drow = '!' || drow WHERE fee_cents > 400;
    UPDATE holders SET id = '${uuid(7)}' WHERE id = '${uuid(4)}';
    DELETE FROM holders WHERE fee_cents BETWEEN 200 AND 210`);
  await expectEqual(shop, 'reverse');
  const now = new Map(await others(shop));
  expect(kept.filter(([ref, other]) => now.has(ref) && now.get(ref) !== other)).toEqual([]);
  expect(await listDeadLetters(shop.monolith, { context: 'goods' })).toEqual([]);
}

/** A value without an exact way back waits as a dead letter and is a difference; what else differs is named as well. */
export async function expectNamed(shop: Shop): Promise<void> {
  await using _worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  await shop.monolith.query(`
    INSERT INTO accounts (ref, active) VALUES ('${uuid(1)}', 'x'), ('${uuid(2).toUpperCase()}', 'Y'), ('${uuid(3)}', 'Y');
    INSERT INTO accounts (ref, word) VALUES ('${uuid(8)}', 'Big');
    INSERT INTO accounts (ref, doc) VALUES ('${uuid(9)}', '{"street": null}'), ('${uuid(10)}', '{"flat": {"floor": 1.0}}');
    UPDATE accounts SET at = 'infinity' WHERE ref = '00000000-0000-0000-0000-000000000000'`);
  const letters = () => listDeadLetters(shop.service, { context: 'goods' });
  await until('six rows wait', async () => (await letters()).length === 6);
  expect(
    (await letters()).map(({ key, errorCode }) => `${key['ref']} ${errorCode}`).sort(),
  ).toEqual([
    `00000000-0000-0000-0000-000000000000 VALUE_INEXACT`,
    `${uuid(2).toUpperCase()} VALUE_INEXACT`,
    `${uuid(1)} VALUE_INEXACT`,
    `${uuid(8)} VALUE_INEXACT`,
    `${uuid(9)} VALUE_INEXACT`,
    `${uuid(10)} VALUE_INEXACT`,
  ]);
  expect((await letters()).map(({ error }) => error).join()).toContain(
    "columns.word: public.accounts.word is 'Big', which does not come back as it is",
  );
  await caughtUp(shop, 'forward');
  await shop.service.query(
    `BEGIN; SET LOCAL session_replication_role = replica; UPDATE holders SET balance = 0.01 WHERE id = '${uuid(3)}'; COMMIT`,
  );
  const [table] = (await verified(shop, 'forward')).tables;
  expect(table?.unsettled).toBe(0);
  const told = (table?.differing ?? []).map(
    ({ key, kind, columns = [] }) =>
      `${key[0]} ${kind} ${columns.map(({ name, monolith, service }) => `${name}: ${monolith}, ${service}`).join()}`,
  );
  expect(told.sort()).toEqual([
    '00000000-0000-0000-0000-000000000000 different at: not convertible: infinity, null',
    `${uuid(2).toUpperCase()} missing `,
    `${uuid(1)} missing `,
    `${uuid(3)} different cents: null, 0.01`,
    `${uuid(8)} missing `,
    `${uuid(9)} missing `,
    `${uuid(10)} missing `,
  ]);
}
