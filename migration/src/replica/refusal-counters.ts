import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import type { TableName } from '../database/identifiers.ts';
import { lockSlots, mostCounters } from './most-counters.ts';

/** Roles told apart per context: every one more is up to four sequences per table. */
const mostRoles = 8;

/**
 * A counter each for what may be refused, and one for the moment; `role` is '' for everybody else. Where not all may be made,
 * tables and operations come before roles: what has no counter of its own counts with the nearest that there is.
 */
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
  SELECT role, row_number() OVER (ORDER BY bool_or(rolsuper), count(*) DESC, role) AS rank
    FROM rights GROUP BY role ORDER BY rank LIMIT ${mostRoles}
), counted AS (
  SELECT place, operation, role, rank FROM rights JOIN roles USING (role)
  UNION ALL SELECT name, operation, '', 0 FROM places, operations WHERE id IS NOT NULL
  UNION ALL SELECT '', 'moment', '', -1
), counters AS (
  SELECT strangler.refusal_counter($1, place, operation, role) AS counter, place, operation, role, rank FROM counted
  UNION ALL SELECT 'refused_' || $1, '', 'all', '', -2
), allowed AS (
  SELECT * FROM counters ORDER BY rank, place, operation LIMIT $4
)
SELECT counter, place, operation, role FROM allowed
 WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'strangler' AND c.relname = allowed.counter)
 ORDER BY rank, place, operation`;

interface Counter {
  readonly counter: string;
  readonly place: string;
  readonly operation: string;
  readonly role: string;
}

/** The triggers count with the rights of who owns their function, and that need not be who makes the counters. */
async function grantToCounting(client: pg.Client, counters: readonly Counter[]): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    `SELECT proowner::regrole::text AS owner FROM pg_proc
      WHERE oid = 'strangler.fence_refuse()'::regprocedure AND proowner <> current_user::regrole`,
  );
  if (rows[0] === undefined || counters.length === 0) return;
  const names = counters.map(({ counter }) => `strangler.${client.escapeIdentifier(counter)}`);
  await client.query(`GRANT USAGE, UPDATE ON SEQUENCE ${names.join(', ')} TO ${rows[0].owner}`);
}

/**
 * Makes the counters that a fence on these tables needs. Not in the transaction that fences: making hundreds of sequences
 * would lengthen the wait of writers.
 */
export async function makeCounters(
  client: pg.Client,
  context: string,
  tables: readonly TableName[],
  { most }: { readonly most?: number } = {},
): Promise<void> {
  const allowed = most ?? mostCounters(await lockSlots(client));
  const parameters = [
    context,
    tables.map(({ schema }) => schema),
    tables.map(({ table }) => table),
    allowed,
  ];
  const missing = async (): Promise<Counter[]> =>
    (await client.query<Counter>(wanted, parameters)).rows;
  if ((await missing()).length === 0) return;
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler support schema'))`);
    // Also those of tables and roles that are no longer asked for take their slot.
    const { rowCount } = await client.query('SELECT FROM strangler.refusals WHERE context = $1', [
      context,
    ]);
    const left = (await missing()).slice(0, Math.max(0, allowed - (rowCount ?? 0)));
    await client.query(
      left
        .map(
          ({ counter }) =>
            `CREATE SEQUENCE IF NOT EXISTS strangler.${client.escapeIdentifier(counter)};`,
        )
        .join('\n'),
    );
    await grantToCounting(client, left);
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
      `Cannot make the counters of a fence (needs CREATE on schema strangler, SELECT and INSERT on strangler.refusals)`,
    );
  }
}
