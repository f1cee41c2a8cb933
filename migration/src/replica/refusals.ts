import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import type { TableName } from '../database/identifiers.ts';
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

/** Roles told apart per context: every one more is up to four sequences per table. */
const mostRoles = 8;

/** A counter each for what may be refused, and one for the moment; `role` is '' for everybody else. */
const wanted = `
WITH places AS (
  SELECT format('%I.%I', s, t) AS name, to_regclass(format('%I.%I', s, t))::oid AS id
    FROM unnest($2::text[], $3::text[]) AS w (s, t)
), operations AS (
  SELECT unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS operation
), rights AS (
  SELECT name AS place, operation, rolname::text AS role, rolsuper
    FROM places, operations, pg_roles
   WHERE id IS NOT NULL AND rolcanlogin
     AND (has_table_privilege(rolname, id, operation)
          OR operation IN ('INSERT', 'UPDATE') AND has_any_column_privilege(rolname, id, operation))
), roles AS (
  SELECT role FROM rights GROUP BY role ORDER BY bool_or(rolsuper), count(*) DESC, role LIMIT ${mostRoles}
), counted AS (
  SELECT place, operation, role FROM rights JOIN roles USING (role)
  UNION ALL SELECT name, operation, '' FROM places, operations WHERE id IS NOT NULL
  UNION ALL SELECT '', 'moment', ''
), counters AS (
  SELECT strangler.refusal_counter($1, place, operation, role) AS counter, place, operation, role FROM counted
  UNION ALL SELECT 'refused_' || $1, '', 'all', ''
)
SELECT counter, place, operation, role FROM counters
 WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'strangler' AND c.relname = counters.counter)`;

interface Counter {
  readonly counter: string;
  readonly place: string;
  readonly operation: string;
  readonly role: string;
}

/**
 * Makes the counters that a fence on these tables needs. Not in the transaction that fences: making hundreds of sequences
 * would lengthen the wait of writers.
 */
export async function makeCounters(
  client: pg.Client,
  context: string,
  tables: readonly TableName[],
): Promise<void> {
  const parameters = [
    context,
    tables.map(({ schema }) => schema),
    tables.map(({ table }) => table),
  ];
  const missing = async (): Promise<Counter[]> =>
    (await client.query<Counter>(wanted, parameters)).rows;
  if ((await missing()).length === 0) return;
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler support schema'))`);
    const left = await missing();
    await client.query(
      left
        .map(
          ({ counter }) =>
            `CREATE SEQUENCE IF NOT EXISTS strangler.${client.escapeIdentifier(counter)};`,
        )
        .join('\n'),
    );
    await client.query(
      `INSERT INTO strangler.refusals (counter, context, table_name, operation, db_user)
       SELECT counter, $1, place, operation, role
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS new (counter, place, operation, role)
       ON CONFLICT DO NOTHING`,
      [
        context,
        left.map(({ counter }) => counter),
        left.map(({ place }) => place),
        left.map(({ operation }) => operation),
        left.map(({ role }) => role),
      ],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw databaseFailure(
      error,
      `Cannot make the counters of a fence (needs CREATE on schema strangler and INSERT on strangler.refusals)`,
    );
  }
}

const value = `coalesce(pg_sequence_last_value(to_regclass(format('strangler.%I', counter))), 0)`;

/**
 * From here on refusals count for this epoch. A sequence that is set logs just what it holds: after a crash one that was only
 * counted on may have jumped ahead, and would show refusals that never were.
 */
export async function beginCounting(
  client: pg.ClientBase,
  context: string,
  epoch: number,
  { anew = false }: { readonly anew?: boolean } = {},
): Promise<void> {
  if (!(await hasTable(client, 'refusals'))) return;
  await client.query(
    `UPDATE strangler.refusals
        SET epoch = $2,
            base = CASE WHEN ${value} = 0 THEN 0
                        ELSE setval(to_regclass(format('strangler.%I', counter)), ${value}) END
      WHERE context = $1 AND operation <> 'moment' AND ($3 OR epoch IS DISTINCT FROM $2)`,
    [context, epoch, anew],
  );
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

export async function readRefusals(client: pg.ClientBase, context: string): Promise<Refusals> {
  const counters = await readCounters(client, context);
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
