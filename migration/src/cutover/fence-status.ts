import type { Client } from 'pg';
import {
  type FencedRelation,
  fencedRelations,
  fenceableTables,
  type TableName,
} from './fence-tables.ts';

export interface FenceStatus {
  /** `partial`: some tables are open, or the tables stand in different modes: never intended, `recover` mends it. */
  readonly mode: 'none' | 'audit' | 'refuse' | 'partial';
  readonly owner: string | null;
  readonly tables: readonly FencedRelation[];
  /** Tables of the mapping (with partitions) that have no fence. */
  readonly open: readonly string[];
  /** Writes refused since the first fence, also of transactions that rolled back. */
  readonly refused: string;
}

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

/** What stands in this database for the context, compared with the tables that should have it. */
export async function fenceStatus(
  client: Client,
  context: string,
  tables: readonly TableName[],
): Promise<FenceStatus> {
  const standing = await fencedRelations(client, context);
  const wanted = await fenceableTables(client, tables);
  const open = wanted.filter(
    (table) =>
      !standing.some(
        (fence) => fence.table.schema === table.schema && fence.table.table === table.table,
      ),
  );
  const modes = new Set(standing.map((fence) => fence.mode));
  const [only] = modes;
  const sequence = `strangler.${client.escapeIdentifier(`refused_${context}`)}`;
  const { rows: exists } = await client.query<{ id: string | null }>(
    'SELECT to_regclass($1) AS id',
    [sequence],
  );
  const { rows } = exists[0]?.id
    ? await client.query<{ refused: string }>(
        `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS refused FROM ${sequence}`,
      )
    : { rows: [] };
  return {
    mode: only === undefined ? 'none' : modes.size === 1 && open.length === 0 ? only : 'partial',
    owner: standing[0]?.owner ?? null,
    tables: standing,
    open: open.map((table) => `${table.schema}.${table.table}`),
    refused: String(rows[0]?.refused ?? '0'),
  };
}

/** Who wrote while the fence stood in audit mode, most writes first. */
export async function strayWriters(client: Client, context: string): Promise<StrayWriter[]> {
  const { rows: exists } = await client.query<{ id: string | null }>(
    `SELECT to_regclass('strangler.stray_writes') AS id`,
  );
  if (!exists[0]?.id) return [];
  const { rows } = await client.query<StrayWriter>(
    `SELECT table_name AS "table", operation, application_name AS application, db_user AS "user", query, sum(writes)::text AS writes,
       min(first_at)::text AS "firstAt", max(last_at)::text AS "lastAt"
     FROM strangler.stray_writes WHERE context = $1 GROUP BY 1, 2, 3, 4, 5 ORDER BY sum(writes) DESC, 1, 5 LIMIT 1000`,
    [context],
  );
  return rows;
}
