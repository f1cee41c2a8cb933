import type { ClientBase } from 'pg';
import type { TableName } from './identifiers.ts';

export interface RunningWriter {
  readonly pid: string;
  readonly application: string;
  readonly user: string;
  readonly state: string;
  readonly transactionSeconds: string;
  readonly autovacuum: boolean;
}

/**
 * Who holds locks on the tables that keep a fence out, or an ALTER TABLE, which waits for readers too. Without pg_monitor the
 * rows of other users show less, never nothing.
 */
export async function runningWriters(
  client: ClientBase,
  tables: readonly TableName[],
  { readers = false }: { readonly readers?: boolean } = {},
): Promise<RunningWriter[]> {
  const { rows } = await client.query<
    Omit<RunningWriter, 'autovacuum'> & { backend: string | null }
  >(
    `SELECT DISTINCT l.pid, coalesce(a.application_name, '') AS application,
      coalesce(a.usename, '') AS user, coalesce(a.state, '') AS state,
       a.backend_type AS backend, round(extract(epoch FROM clock_timestamp() - a.xact_start)::numeric, 1) AS "transactionSeconds"
     FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.locktype = 'relation'
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND ($3 OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
       AND l.relation IN (SELECT to_regclass(format('%I.%I', s, t)) FROM unnest($1::text[], $2::text[]) AS w(s, t))`,
    [tables.map((table) => table.schema), tables.map((table) => table.table), readers],
  );
  return rows.map(({ backend, ...row }) => ({
    ...row,
    autovacuum: backend === 'autovacuum worker',
  }));
}

const describeWriter = (writer: RunningWriter): string =>
  `pid ${writer.pid} (${writer.application || writer.user || 'unknown'}, ` +
  `${writer.state || 'state hidden'}, ${writer.transactionSeconds ?? '?'} s)`;

export const describeWriters = (writers: readonly RunningWriter[]): string =>
  writers.length === 0
    ? 'the transactions that held them have ended meanwhile'
    : `held by ${writers.map(describeWriter).join(', ')}`;
