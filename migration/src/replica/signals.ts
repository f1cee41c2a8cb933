import type pg from 'pg';
import { replicaSchema } from './schema.ts';

export const signalTable = { schema: replicaSchema, table: 'signal' } as const;

/** Debezium reads what it is asked from this table's rows, at their place among the changes ("Sending signals"). */
export async function writeSignal(
  client: pg.Client,
  signal: { readonly id: string; readonly type: string; readonly data: unknown },
): Promise<void> {
  await client.query('INSERT INTO strangler.signal (id, type, data) VALUES ($1, $2, $3)', [
    signal.id,
    signal.type,
    JSON.stringify(signal.data),
  ]);
}

/** Chunks that were read since a signal was sent: the connector opens a window for each. */
export async function countChunks(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) AS count FROM strangler.signal WHERE type = 'snapshot-window-open'`,
  );
  return Number(rows[0]?.count ?? 0);
}

/** Whoever reads signals reads them in the log; the rows themselves serve nobody. */
export async function forgetSignals(client: pg.Client, ids: readonly string[]): Promise<void> {
  await client.query(
    `DELETE FROM strangler.signal
      WHERE id = ANY($1) OR type IN ('snapshot-window-open', 'snapshot-window-close')`,
    [ids],
  );
}
