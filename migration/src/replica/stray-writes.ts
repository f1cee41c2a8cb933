import type pg from 'pg';

export interface StrayWriter {
  readonly table: string;
  readonly operation: string;
  readonly application: string;
  readonly user: string;
  readonly query: string;
  readonly writes: string;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Who wrote while the fence stood in audit mode, most writes first. */
export async function strayWriters(client: pg.Client, context: string): Promise<StrayWriter[]> {
  const { rows: exists } = await client.query<{ id: string | null }>(
    `SELECT to_regclass('strangler.stray_writes') AS id`,
  );
  if (!exists[0]?.id) return [];
  const { rows } = await client.query<StrayWriter>(
    `SELECT table_name AS "table", operation, application_name AS application, db_user AS "user", query,
       sum(writes)::text AS writes, min(first_at)::text AS "firstAt", max(last_at)::text AS "lastAt"
     FROM strangler.stray_writes WHERE context = $1
     GROUP BY 1, 2, 3, 4, 5 ORDER BY sum(writes) DESC, 1, 5 LIMIT 1000`,
    [context],
  );
  return rows;
}
