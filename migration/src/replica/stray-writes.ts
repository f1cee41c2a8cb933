import type pg from 'pg';
import { hasTable } from './schema.ts';

export interface StrayWriter {
  readonly table: string;
  readonly operation: string;
  readonly application: string;
  readonly user: string;
  readonly query: string;
  readonly writes: string;
  /** `null`: the fence was set by a release that did not note it. */
  readonly epoch: number | null;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Who wrote while the fence stood in audit mode, by epoch, most writes first. */
export async function strayWriters(client: pg.Client, context: string): Promise<StrayWriter[]> {
  if (!(await hasTable(client, 'stray_writes'))) return [];
  // A look changes nothing, so the column of this release may not be there yet.
  const { rows } = await client.query<Omit<StrayWriter, 'epoch'> & { epoch: string | null }>(
    `SELECT table_name AS "table", operation, application_name AS application, db_user AS "user", query,
       to_jsonb(log) ->> 'epoch' AS epoch,
       sum(writes)::text AS writes, min(first_at)::text AS "firstAt", max(last_at)::text AS "lastAt"
     FROM strangler.stray_writes log WHERE context = $1
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY sum(writes) DESC, 1, 5, 6 LIMIT 1000`,
    [context],
  );
  return rows.map((row) => ({ ...row, epoch: row.epoch === null ? null : Number(row.epoch) }));
}
