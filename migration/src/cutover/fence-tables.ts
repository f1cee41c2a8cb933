import { type RowCondition, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import type { TableName } from '../database/identifiers.ts';

export type { TableName } from '../database/identifiers.ts';

/** A table to fence. `rows`: those that meet one of these; the others stay their database's to write. */
export interface FencedTable extends TableName {
  readonly rows?: readonly RowCondition[];
}

/** Fire for each row that a fence is about, once it is as it stays: also for a row that arrived through another table's statement. */
export const rowFences = [
  'strangler_fence_delete',
  'strangler_fence_insert',
  'strangler_fence_update',
] as const;

export interface FenceableTable extends FencedTable {
  /** A partition has the row triggers of the table above it. */
  readonly clone?: boolean;
  /** Name of the row trigger that a part of a partition or inheritance tree needs: rows may arrive through another table's statement. */
  readonly rowTrigger: string | null;
  readonly hasRowTrigger: boolean;
}

/**
 * The tables themselves and everything below them, sorted. A foreign table or view cannot be fenced: its rows are written
 * somewhere else. A row trigger on a partitioned table is cloned by PostgreSQL to partitions that are made later.
 */
export async function fenceableTables(
  client: Client,
  tables: readonly FencedTable[],
): Promise<FenceableTable[]> {
  const { rows } = await client.query<{
    wanted: string;
    kind: string | null;
    schema: string;
    table: string;
    in_tree: string;
    clone: string;
    has_row: string;
    n: string;
  }>(
    `WITH RECURSIVE wanted AS (
       SELECT n, format('%I.%I', s, t) AS wanted, to_regclass(format('%I.%I', s, t))::oid AS id
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(s, t, n)
     ), tree AS (
       SELECT wanted.n, wanted, id, 0 AS depth FROM wanted
       UNION SELECT tree.n, tree.wanted, i.inhrelid, depth + 1 FROM tree JOIN pg_inherits i ON i.inhparent = tree.id
     )
     SELECT DISTINCT ON (coalesce(n.nspname, wanted), c.relname) wanted,
       tree.n::text AS n, c.relkind AS kind, n.nspname AS schema, c.relname AS table,
       EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid)::int AS in_tree,
       (depth > 0 AND c.relispartition)::int AS clone,
       EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = CASE c.relkind WHEN 'p'
         THEN 'strangler_fence_row' ELSE 'strangler_fence_leaf' END)::int AS has_row
     FROM tree LEFT JOIN pg_class c ON c.oid = tree.id LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
     ORDER BY coalesce(n.nspname, wanted), c.relname, depth DESC`,
    [tables.map((table) => table.schema), tables.map((table) => table.table)],
  );
  return rows.map((row) => {
    if (row.kind !== 'r' && row.kind !== 'p') {
      throw new StranglerError(
        'TABLE_MISSING',
        row.kind === null
          ? `table ${row.wanted} does not exist`
          : `${row.schema}.${row.table} is a foreign table or view: writes to it cannot be fenced, map the table behind it`,
      );
    }
    // Two names: a leaf may still carry the (lifted) clone of its parent's trigger, which cannot be replaced.
    const rowTrigger =
      Number(row.in_tree) === 1 && Number(row.clone) === 0
        ? row.kind === 'p'
          ? 'strangler_fence_row'
          : 'strangler_fence_leaf'
        : null;
    const { rows: meant } = tables[Number(row.n) - 1] ?? {};
    return {
      schema: row.schema,
      table: row.table,
      ...(meant && { rows: meant }),
      clone: Number(row.clone) === 1,
      rowTrigger,
      hasRowTrigger: Number(row.has_row) === 1,
    };
  });
}
