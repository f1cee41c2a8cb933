import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable, type TableName } from '../database/identifiers.ts';

/** What a table takes no row against. */
export interface TableConstraint {
  readonly side: Side;
  /** As mapped: a constraint of one partition alone belongs to its root. */
  readonly table: TableName;
  /** `table.constraint`, as the context file names it; `table.column` of NOT NULL, which has no name before 18. */
  readonly name: string;
  readonly kind: 'rule' | 'unique' | 'not null';
  /** CHECK, EXCLUDE and UNIQUE as `pg_get_constraintdef` says them, an index as `CREATE UNIQUE INDEX`. */
  readonly definition: string;
  /** Of a unique index: what is unique together, each as SQL over columns. */
  readonly unique: readonly string[];
  /** Rows that a unique index is about, as SQL; '' for all. */
  readonly where: string;
  /** Two rows without a value are alike as well. */
  readonly nullsToo: boolean;
  /** Looked at by a trigger, which replication does not fire. */
  readonly late: boolean;
  /** Holds for each row that is there: of the whole table, and rows from before were looked at. */
  readonly ofAll: boolean;
}

// by JSON, as servers before 15 and 18 do not have the column
const query = `
WITH tree AS (
  SELECT n.nspname, c.relname, c.oid AS root, p.relid
    FROM unnest($1::text[], $2::text[]) AS w(s, t)
    JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.t
    CROSS JOIN LATERAL (SELECT relid::oid FROM pg_partition_tree(c.oid) UNION SELECT c.oid) p
), found AS (
  SELECT tree.*, k.conname AS name, 'rule' AS kind, pg_get_constraintdef(k.oid) AS definition, '[]'::json AS parts, '' AS predicate,
         false AS nulls_too, k.condeferrable AS late, k.convalidated AS valid
    FROM tree JOIN pg_constraint k ON k.conrelid = tree.relid AND k.coninhcount = 0 AND k.conparentid = 0
   WHERE (k.contype IN ('c', 'x') OR to_jsonb(k) ->> 'conperiod' = 'true')
     AND to_jsonb(k) ->> 'contype' <> 'f' AND to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false'
  UNION ALL
  SELECT tree.*, x.relname, 'unique', coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)),
         (SELECT json_agg(pg_get_indexdef(i.indexrelid, at, false) ORDER BY at) FROM generate_series(1, i.indnkeyatts) at),
         coalesce(pg_get_expr(i.indpred, i.indrelid), ''), to_jsonb(i) ->> 'indnullsnotdistinct' = 'true', NOT i.indimmediate, true
    FROM tree JOIN pg_index i ON i.indrelid = tree.relid AND i.indisunique AND i.indisvalid AND NOT i.indisexclusion
    JOIN pg_class x ON x.oid = i.indexrelid AND NOT x.relispartition
    LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
)
SELECT found.nspname AS schema, found.relname AS "table",
       format('{"schema": %s, "table": %s}', to_json(on_n.nspname), to_json(on_c.relname)) AS own,
       name, kind, definition, parts, predicate, nulls_too, late, valid AND relid = root AS of_all
  FROM found JOIN pg_class on_c ON on_c.oid = found.relid JOIN pg_namespace on_n ON on_n.oid = on_c.relnamespace
 ORDER BY 1, 2, 3, 4`;

/** Constraints of mapped tables that hold for rows that replication writes as well, also those of single partitions. */
export async function readConstraints(
  client: pg.Client,
  side: Side,
  tables: readonly TableName[],
): Promise<TableConstraint[]> {
  const { rows } = await client.query<Record<string, string>>(query, [
    tables.map(({ schema }) => schema),
    tables.map(({ table }) => table),
  ]);
  return rows.map((row) => ({
    side,
    table: { schema: row.schema ?? '', table: row.table ?? '' },
    name: `${displayTable(JSON.parse(row.own ?? '') as TableName)}.${row.name ?? ''}`,
    kind: row.kind === 'unique' ? 'unique' : 'rule',
    definition: row.definition ?? '',
    unique: JSON.parse(row.parts ?? '[]') as string[],
    where: row.predicate ?? '',
    nullsToo: row.nulls_too === 't',
    late: row.late === 't',
    ofAll: row.of_all === 't',
  }));
}
