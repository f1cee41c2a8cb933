import type pg from 'pg';
import { StranglerError } from '../errors.ts';
import { quoteTable, type TableName } from './identifiers.ts';

export interface ColumnCatalog {
  readonly name: string;
  /** As `format_type` writes it: `numeric(12,2)`, `text[]`, `timestamp with time zone`. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  readonly identity: boolean;
  /** Labels of an enum type, in order; null for other types. */
  readonly enumLabels: readonly string[] | null;
  /** The sequence that an identity or serial column draws from, quoted where needed. */
  readonly sequence: string | null;
}

export type ReplicaIdentity = 'default' | 'full' | 'index' | 'nothing';

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: TableName & { readonly columns: readonly string[] };
}

export interface TableCatalog extends TableName {
  readonly kind: 'table' | 'partitioned' | 'other';
  readonly columns: readonly ColumnCatalog[];
  readonly primaryKey: readonly string[];
  readonly replicaIdentity: ReplicaIdentity;
  /** The columns that identify an old row in the change stream; empty for `full` and `nothing`. */
  readonly identityColumns: readonly string[];
  readonly estimatedRows: number;
  readonly pages: number;
  readonly foreignKeys: readonly ForeignKey[];
}

const tableQuery = `
SELECT c.oid::text, c.relkind, c.relreplident, greatest(c.reltuples, 0)::bigint::text AS rows,
       (pg_relation_size(c.oid) / current_setting('block_size')::int)::text AS pages,
       coalesce((SELECT json_agg(a.attname ORDER BY k.n) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(attnum, n), pg_attribute a
                 WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]')::text AS primary_key,
       coalesce((SELECT json_agg(a.attname ORDER BY k.n) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(attnum, n), pg_attribute a
                 WHERE i.indrelid = c.oid AND i.indisreplident AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]')::text AS identity_index
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`;

const columnQuery = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull::text AS not_null, (d.adbin IS NOT NULL)::text AS has_default,
       a.attgenerated AS generated, a.attidentity AS identity,
       pg_get_serial_sequence($2, a.attname) AS sequence,
       (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_enum e WHERE e.enumtypid = a.atttypid) AS enum_labels
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

const foreignKeyQuery = `
SELECT con.conname AS name, n.nspname AS schema, r.relname AS table,
       (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(con.conkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum)::text AS columns,
       (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(con.confkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum)::text AS referenced
FROM pg_constraint con JOIN pg_class r ON r.oid = con.confrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE con.contype = 'f' AND con.conrelid = $1::oid ORDER BY con.conname`;

const identities: Readonly<Record<string, ReplicaIdentity>> = { d: 'default', f: 'full', i: 'index', n: 'nothing' };

const names = (json: string): string[] => {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.map(String) : [];
};

/**
 * What PostgreSQL knows of one table.
 * @throws StranglerError TABLE_MISSING
 */
export async function readTable(client: pg.Client | pg.PoolClient, name: TableName): Promise<TableCatalog> {
  const [table] = (await client.query(tableQuery, [name.schema, name.table])).rows;
  if (!table) throw new StranglerError('TABLE_MISSING', `table ${name.schema}.${name.table} does not exist in database ${await currentDatabase(client)}`, { details: { ...name } });
  const columns = (await client.query(columnQuery, [table.oid, quoteTable(name)])).rows;
  const foreignKeys = (await client.query(foreignKeyQuery, [table.oid])).rows;
  const replicaIdentity = identities[String(table.relreplident)] ?? 'nothing';
  const primaryKey = names(table.primary_key);
  return {
    schema: name.schema,
    table: name.table,
    kind: table.relkind === 'r' ? 'table' : table.relkind === 'p' ? 'partitioned' : 'other',
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      notNull: column.not_null === 'true',
      hasDefault: column.has_default === 'true' && column.generated === '',
      generated: column.generated !== '',
      identity: column.identity !== '',
      sequence: column.sequence,
      enumLabels: column.enum_labels === null ? null : names(column.enum_labels),
    })),
    primaryKey,
    replicaIdentity,
    identityColumns: replicaIdentity === 'default' ? primaryKey : replicaIdentity === 'index' ? names(table.identity_index) : [],
    estimatedRows: Number(table.rows),
    pages: Number(table.pages),
    foreignKeys: foreignKeys.map((key) => ({ name: key.name, columns: names(key.columns), references: { schema: key.schema, table: key.table, columns: names(key.referenced) } })),
  };
}

/** Ordinary and partitioned tables that belong to the application: no system schema, none of the toolkit's. */
export async function listTables(client: pg.Client | pg.PoolClient): Promise<TableName[]> {
  const { rows } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'strangler', 'strangler_control')
    ORDER BY 1, 2`);
  return rows.map((row) => ({ schema: row.schema, table: row.table }));
}

export async function currentDatabase(client: pg.Client | pg.PoolClient): Promise<string> {
  const [row] = (await client.query('SELECT current_database() AS name')).rows;
  return String(row?.name);
}
