import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import { pause } from '../pause.ts';

/** Transactions that last this long are told of, milliseconds. */
const patienceMs = 2000;

/** An id of our own: all that were given before are lower. The functions that PostgreSQL before 13 has as well. */
const mine = 'SELECT txid_current()::text AS id';
const oldest = `
SELECT (open.id > $1::bigint)::text AS over, l.pid::text AS pid, a.application_name AS application, p.gid AS prepared,
  coalesce(a.datname, p.database) AS database, coalesce(a.usename, p.owner) AS user,
  to_char(coalesce(a.xact_start, p.prepared) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC') AS since
FROM (SELECT txid_snapshot_xmin(txid_current_snapshot()) AS id) open
LEFT JOIN pg_locks l ON l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
  AND l.transactionid::text::bigint = open.id & 4294967295
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid`;

interface Oldest {
  readonly over: 'true' | 'false';
  readonly pid: string | null;
  readonly application: string | null;
  readonly prepared: string | null;
  readonly database: string | null;
  readonly user: string | null;
  readonly since: string | null;
}

/**
 * Waits until every transaction has ended that may have written before now. What a transaction writes before its table is
 * published is not streamed, and no comparison sees it before it commits.
 * @param onWait told of the one that lasts; the same one in the same words
 */
export async function openWritersEnded(
  client: pg.Client,
  signal: AbortSignal,
  onWait: (who: string) => void,
): Promise<void> {
  try {
    const id = (await client.query<{ id: string }>(mine)).rows[0]?.id;
    const began = performance.now();
    for (;;) {
      const row = (await client.query<Oldest>(oldest, [id])).rows[0];
      if (row?.over === 'true' || signal.aborted) return;
      if (row && performance.now() - began > patienceMs) onWait(describe(row));
      await pause(200, signal);
    }
  } catch (error) {
    throw databaseFailure(error, 'Cannot tell which transactions are open');
  }
}

function describe({ pid, application, prepared, database, user, since }: Oldest): string {
  const who =
    prepared === null ? `transaction of pid ${pid ?? '?'}` : `prepared transaction '${prepared}'`;
  const more = [
    application,
    user && `user ${user}`,
    database && `database ${database}`,
    since && `open since ${since}`,
  ].filter(Boolean);
  return more.length === 0 ? who : `${who} (${more.join(', ')})`;
}
