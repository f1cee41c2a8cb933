import type pg from 'pg';
import { hasTable } from './schema.ts';

/** Writes that a fence refused to one login role, by table and operation. */
export interface RefusedWriter {
  /** `null`: a table that came into the tree after the fence, or a fence of an earlier release. */
  readonly table: string | null;
  readonly operation: string | null;
  /** `null`: a role that could not write the table when the fence was made, or one of too many. */
  readonly user: string | null;
  readonly writes: string;
}

export interface Refusals {
  /** Since the epoch began in this database, or since somebody who looked armed the fence anew; also of transactions that rolled back. */
  readonly refused: string;
  readonly refusedEarlier: string;
  readonly lastRefusedAt: string | null;
  /** Most writes first; together `refused`. */
  readonly refusedWriters: readonly RefusedWriter[];
}

const value = `coalesce(pg_sequence_last_value(to_regclass(format('strangler.%I', counter))), 0)`;

/** A sequence that is set logs just what it holds: after a crash one that was only counted on may have jumped ahead. */
const settled = `CASE WHEN ${value} = 0 THEN 0 ELSE setval(to_regclass(format('strangler.%I', counter)), ${value}) END`;

/** From here on refusals count for this epoch. */
export async function beginCounting(
  client: pg.ClientBase,
  context: string,
  epoch: number,
): Promise<void> {
  if (!(await hasTable(client, 'refusals'))) return;
  await client.query(
    `UPDATE strangler.refusals SET epoch = $2, base = ${settled}
      WHERE context = $1 AND operation <> 'moment' AND epoch IS DISTINCT FROM $2`,
    [context, epoch],
  );
}

/**
 * Somebody looked at what was refused: it counts as earlier from here on. Tells what that was, as one statement took it, so
 * that what is refused meanwhile is either told or still to be seen.
 */
export async function countAsSeen(client: pg.ClientBase, context: string): Promise<Refusals> {
  const { rows } = await client.query<Counted>(
    `WITH before AS MATERIALIZED (
       SELECT counter, base, CASE WHEN operation = 'moment' THEN ${value} ELSE ${settled} END AS stood
         FROM strangler.refusals WHERE context = $1
     ), seen AS (
       UPDATE strangler.refusals r
          SET base = stood
         FROM before WHERE before.counter = r.counter AND r.operation <> 'moment'
     )
     SELECT table_name AS place, operation, db_user AS role,
       (stood - before.base)::text AS refused, before.base::text AS earlier
       FROM before JOIN strangler.refusals USING (counter)`,
    [context],
  );
  return tell(rows);
}

/** A fence that is dropped takes its counters along; how many were refused in all is kept. */
export async function dropCounters(client: pg.ClientBase, context: string): Promise<void> {
  if (!(await hasTable(client, 'refusals'))) return;
  const { rows } = await client.query<{ counter: string }>(
    `DELETE FROM strangler.refusals WHERE context = $1 AND operation <> 'all' RETURNING counter`,
    [context],
  );
  // 'refusal_' and a hash: nothing to quote.
  const names = rows.map(({ counter }) => `strangler.${counter}`);
  if (names.length > 0) await client.query(`DROP SEQUENCE IF EXISTS ${names.join(', ')}`);
  await client.query(
    `UPDATE strangler.refusals SET base = ${value} WHERE context = $1 AND operation = 'all'`,
    [context],
  );
}

interface Counted {
  readonly place: string;
  readonly operation: string;
  readonly role: string;
  readonly refused: string;
  readonly earlier: string;
}

/** Looks only: a database of an earlier release has but one counter, whose refusals all count. */
async function readCounters(client: pg.ClientBase, context: string): Promise<Counted[]> {
  if (await hasTable(client, 'refusals')) {
    const { rows } = await client.query<Counted>(
      `SELECT table_name AS place, operation, db_user AS role,
         (${value} - base)::text AS refused, base::text AS earlier
       FROM strangler.refusals WHERE context = $1 ORDER BY table_name, operation, db_user`,
      [context],
    );
    if (rows.length > 0) return rows;
  }
  const { rows } = await client.query<Counted>(
    `SELECT '' AS place, 'all' AS operation, '' AS role, '0' AS earlier,
       coalesce(pg_sequence_last_value(to_regclass(format('strangler.%I', 'refused_' || $1::text))), 0)::text AS refused`,
    [context],
  );
  return rows;
}

export const readRefusals = async (client: pg.ClientBase, context: string): Promise<Refusals> =>
  tell(await readCounters(client, context));

function tell(counters: readonly Counted[]): Refusals {
  const all = counters.find(({ operation }) => operation === 'all');
  const moment = Number(counters.find(({ operation }) => operation === 'moment')?.refused ?? 0);
  const told = counters
    .filter(({ place, refused }) => place !== '' && BigInt(refused) > 0n)
    .map(({ place, operation, role, refused }) => ({
      table: place,
      operation,
      user: role === '' ? null : role,
      writes: refused,
    }));
  const refused = BigInt(all?.refused ?? 0);
  const untold = refused - told.reduce((sum, { writes }) => sum + BigInt(writes), 0n);
  return {
    refused: String(refused),
    refusedEarlier: all?.earlier ?? '0',
    lastRefusedAt: refused > 0n && moment > 0 ? new Date(moment).toISOString() : null,
    refusedWriters: [
      ...told,
      ...(untold > 0n
        ? [{ table: null, operation: null, user: null, writes: String(untold) }]
        : []),
    ].sort((one, other) => Number(other.writes) - Number(one.writes)),
  };
}
