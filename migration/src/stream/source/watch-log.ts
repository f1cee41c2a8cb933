import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../../database/failures.ts';
import { quoteLiteral, type TableName } from '../../database/identifiers.ts';

/** Which tables each transaction writes, of all tables of a database, mapped or not. */
export interface LogWatch {
  /** What committed since the last look, one list of tables for each transaction. */
  look(): Promise<TableName[][]>;
  close(): Promise<void>;
}

// The server puts what one look finds together before it gives anything out, as text, on its own disk.
const LARGEST_LOOK_BYTES = 1_073_741_824;
// A look ends at a commit, so a transaction is never cut in two.
const CHANGES_OF_ONE_LOOK = 5_000;
const name = `(?:"(?:[^"]|"")+"|[^".,\\s]+)`;
// How test_decoding begins a change: `table public.orders: INSERT: …`, `table public.a, public.b: TRUNCATE: …`; quoted as in SQL.
const head = `^table (.+?): (?:INSERT|UPDATE|DELETE|TRUNCATE):`;

const lookQuery = (slot: string): string => `
WITH told AS MATERIALIZED (
  SELECT xid::text AS xid, (regexp_match(left(data, 4000), ${quoteLiteral(head)}))[1] AS tables
    FROM pg_logical_slot_get_changes(${quoteLiteral(slot)}, NULL, ${CHANGES_OF_ONE_LOOK},
           'skip-empty-xacts', 'on', 'only-local', 'on')
), written AS (
  SELECT DISTINCT xid, tables FROM told WHERE tables IS NOT NULL
), named AS (
  SELECT DISTINCT xid, to_regclass(one[1]) AS oid
    FROM written, regexp_matches(tables, ${quoteLiteral(`${name}\\.${name}`)}, 'g') AS one
)
SELECT xid, json_agg(DISTINCT ARRAY[n.nspname, c.relname]::text[])::text AS tables
  FROM named
  JOIN pg_class c ON c.oid = coalesce(pg_partition_root(named.oid), named.oid)
  JOIN pg_namespace n ON n.oid = c.relnamespace
 GROUP BY xid ORDER BY min(xid::bigint)`;

function failure(error: unknown): StranglerError {
  const what = 'Cannot look into the log of transactions';
  return codeOf(error) === '58P01'
    ? new StranglerError('LOG_DECODER_MISSING', `${what}: this server has no test_decoding`, {
        cause: error,
      })
    : databaseFailure(error, what);
}

/**
 * Watches every table of the database from now on, through a temporary slot with PostgreSQL's own `test_decoding`: a publication
 * would have to name tables that are not ours, and makes those without a key refuse updates. The slot ends with the connection.
 *
 * @throws StranglerError LOG_DECODER_MISSING, LOG_TOO_LONG, WAL_LEVEL, NO_REPLICATION_SLOTS, DB_PRIVILEGE
 */
export async function watchLog(
  client: pg.Client,
  { largestLookBytes = LARGEST_LOOK_BYTES }: { readonly largestLookBytes?: number } = {},
): Promise<LogWatch> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const slot = `strangler_watch_${rows[0]?.pid ?? 0}`;
  const run = <Row extends pg.QueryResultRow>(query: string) =>
    client.query<Row>(query).catch((error: unknown) => Promise.reject(failure(error)));
  // a laptop that sleeps must not hold the log back
  await run(
    `SELECT set_config(name, '60s', false) FROM pg_settings WHERE name = 'idle_session_timeout'`,
  );
  await run(
    `SELECT pg_create_logical_replication_slot(${quoteLiteral(slot)}, 'test_decoding', true)`,
  );
  return {
    async look() {
      const { rows: waiting } = await run<{ bytes: string }>(
        `SELECT pg_current_wal_lsn() - confirmed_flush_lsn AS bytes FROM pg_replication_slots
          WHERE slot_name = ${quoteLiteral(slot)}`,
      );
      const bytes = Number(waiting[0]?.bytes ?? 0);
      if (bytes > largestLookBytes)
        throw new StranglerError(
          'LOG_TOO_LONG',
          `${bytes} bytes of log came between two looks at transactions (at most ${largestLookBytes})`,
        );
      const found = await run<{ tables: string }>(lookQuery(slot));
      return found.rows.map(({ tables }) =>
        (JSON.parse(tables) as [string, string][]).map(([schema, table]) => ({ schema, table })),
      );
    },
    async close() {
      await client.query(`SELECT pg_drop_replication_slot(${quoteLiteral(slot)})`).catch(() => {});
    },
  };
}
