import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import {
  type CollationCatalog,
  collationColumn,
  collationOf,
  type FoundCollation,
} from './collation.ts';
import { databaseFailure } from './failures.ts';
import { displayTable, type TableName } from './identifiers.ts';
import { mayHaveChain, typeChain } from './type-chain.ts';

export interface ColumnCatalog {
  readonly name: string;
  /** As `format_type` writes it: usable in SQL (`numeric(10,2)`, `character varying(40)`, `text[]`). */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  readonly identity: 'always' | 'by default' | null;
  /** Qualified name of the sequence that new rows draw from: through the default, else identity or ownership. */
  readonly sequence: string | null;
  /** Whether order and equality depend on a collation. */
  readonly collatable: boolean;
  /** False: texts that differ may be equal. */
  readonly deterministic?: boolean;
  /** What a domain is made of, as `format_type` writes it; absent for what is no domain. */
  readonly baseType?: string;
  /** Labels of an enum type in their order, also of one under a domain or in an array; else null. */
  readonly enumLabels: readonly string[] | null;
  /** What domains ask of a value, each as SQL writes it; absent: nothing. */
  readonly domainChecks?: readonly string[];
  /** Absent where nothing is sorted by one. */
  readonly collation?: CollationCatalog;
}

export interface ForeignKeyCatalog {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: TableName & { readonly columns: readonly string[] };
  /** As SQL writes it; NO ACTION when it is left out. */
  readonly onDelete?: string;
  readonly onUpdate?: string;
}

export interface TableCatalog {
  readonly schema: string;
  readonly table: string;
  readonly kind: 'table' | 'partitioned';
  readonly columns: readonly ColumnCatalog[];
  readonly primaryKey: readonly string[];
  /** ON CONFLICT does not look at such a key. */
  readonly primaryKeyDeferrable: boolean;
  /** Of a partitioned table its partitions', which are what the server asks; `nothing` where one has none that it takes. */
  readonly replicaIdentity: 'default' | 'full' | 'index' | 'nothing';
  /** Columns that a delete event carries; all of them under FULL, none if the table has no usable identity. */
  readonly identityColumns: readonly string[];
  readonly estimatedRows: number;
  /** Pages of the heap (the largest partition's, of a partitioned table). */
  readonly pages: number;
  readonly foreignKeys: readonly ForeignKeyCatalog[];
}

// A key that is checked late is no identity, nor is an index that is gone or not valid: once published, such a table refuses updates.
const usableIdentity = (of: string): string => `(${of}.relreplident = 'f' OR EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = ${of}.oid AND i.indimmediate AND i.indisvalid
     AND CASE ${of}.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))`;

const tableQuery = `
SELECT c.oid, c.relkind,
       (SELECT json_agg(DISTINCT CASE WHEN ${usableIdentity('p')} THEN p.relreplident ELSE 'n' END)
          FROM (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND relid <> c.oid
                UNION SELECT c.oid WHERE c.relkind = 'r' OR NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid)) t(relid)
          JOIN pg_class p ON p.oid = t.relid) AS identities,
       greatest(0, CASE WHEN c.relkind = 'p' THEN l.rows WHEN c.reltuples < 0 THEN 0 ELSE c.reltuples END)::bigint AS rows,
       coalesce(l.pages, 0) AS pages,
       coalesce((SELECT json_agg(a.attname ORDER BY k.n) FROM pg_index i,
         unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n), pg_attribute a
                 WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]') AS primary_key,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate) AS deferrable,
       coalesce((SELECT json_agg(a.attname ORDER BY k.n) FROM pg_index i,
         unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n), pg_attribute a
                 WHERE i.indrelid = c.oid AND i.indisreplident AND a.attrelid = c.oid AND a.attnum = k.attnum
                   AND k.n <= i.indnkeyatts), '[]') AS identity_index
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
  SELECT max(pg_relation_size(t.relid) / current_setting('block_size')::int) AS pages, sum(greatest(0, p.reltuples)) AS rows
  FROM (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf UNION SELECT c.oid WHERE c.relkind = 'r') t(relid)
    JOIN pg_class p ON p.oid = t.relid
) l ON true
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

const columnsQuery = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null, a.atthasdef AS has_default,
       a.attgenerated <> '' AS generated, a.attidentity AS identity, a.attcollation <> 0 AS collatable,
       coalesce((SELECT l.collisdeterministic FROM pg_collation l WHERE l.oid = a.attcollation), true) AS deterministic,
       CASE WHEN ${mayHaveChain('a.atttypid')} THEN (WITH RECURSIVE base AS (
          SELECT t.typtype, t.typbasetype AS oid, t.typtypmod AS modifier FROM pg_type t WHERE t.oid = a.atttypid AND t.typtype = 'd'
          UNION ALL SELECT t.typtype, t.typbasetype, t.typtypmod FROM base JOIN pg_type t ON t.oid = base.oid AND t.typtype = 'd'
        ) SELECT format_type(b.oid, b.modifier) FROM base b JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd') END AS base_type,
       coalesce(
         (SELECT format('%I.%I', sn.nspname, s.relname) FROM pg_attrdef d
            JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
            JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
          WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum LIMIT 1),
         -- nextval('name'::text) looks the name up at each draw, so nothing depends on the sequence
         (SELECT format('%I.%I', sn.nspname, s.relname) FROM pg_attrdef d
            JOIN pg_class s ON s.relkind = 'S'
              AND s.oid = to_regclass(substring(pg_get_expr(d.adbin, d.adrelid)
                FROM $re$nextval\\(\\('((?:[^']|'')+)'::text\\)::regclass$re$))
            JOIN pg_namespace sn ON sn.oid = s.relnamespace
          WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
         pg_get_serial_sequence(quote_ident($2) || '.' || quote_ident($3), a.attname)) AS sequence,
       CASE WHEN ${mayHaveChain('a.atttypid')} THEN (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM ${typeChain('a.atttypid')} c
          JOIN pg_enum e ON e.enumtypid = c.oid) END AS labels,
       CASE WHEN ${mayHaveChain('a.atttypid')} THEN (SELECT json_agg(asked ORDER BY asked) FROM (
          SELECT pg_get_constraintdef(k.oid) AS asked FROM ${typeChain('a.atttypid')} c JOIN pg_constraint k ON k.contypid = c.oid
            WHERE k.contype = 'c'
          UNION SELECT 'NOT NULL' FROM ${typeChain('a.atttypid')} c WHERE c.typnotnull) AS checks) END AS checks,
       ${collationColumn} AS collation
FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const foreignKeysQuery = `
SELECT k.conname AS name, n.nspname AS schema, f.relname AS "table",
       ${['del', 'upd']
         .map(
           (
             when,
           ) => `CASE k.conf${when}type WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
         WHEN 'd' THEN 'SET DEFAULT' END AS on_${when}`,
         )
         .join()},
       (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS columns,
       (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) AS referenced
FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace n ON n.oid = f.relnamespace
WHERE k.contype = 'f' AND k.conrelid = $1::oid ORDER BY k.conname`;

const names = (json: string): string[] => JSON.parse(json) as string[];
const identities = { d: 'default', f: 'full', i: 'index', n: 'nothing' } as const;
type Identity = (typeof identities)[keyof typeof identities];

/** What all partitions have in common: an event carries the key at least, where some carry whole rows. */
function commonIdentity(letters: readonly string[]): Identity {
  const all = [...letters].sort().join('');
  if (all === 'df') return identities.d;
  return all === 'd' || all === 'f' || all === 'i' ? identities[all] : identities.n;
}

function toColumn(row: Record<string, string | null>): ColumnCatalog {
  return {
    name: row.name ?? '',
    type: row.type ?? '',
    notNull: row.not_null === 't',
    hasDefault: (row.has_default === 't' && row.generated !== 't') || row.identity !== '',
    generated: row.generated === 't',
    identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'by default' : null,
    sequence: row.sequence ?? null,
    collatable: row.collatable === 't',
    deterministic: row.deterministic !== 'f',
    ...(row.base_type != null && { baseType: row.base_type }),
    enumLabels: row.labels ? names(row.labels) : null,
    ...(row.checks && { domainChecks: names(row.checks) }),
    ...(row.collation && { collation: collationOf(JSON.parse(row.collation) as FoundCollation) }),
  };
}

/** @throws StranglerError TABLE_MISSING, DB_PRIVILEGE */
export async function readTable(client: pg.Client, name: TableName): Promise<TableCatalog> {
  const { schema, table } = name;
  try {
    const found = (await client.query<Record<string, string>>(tableQuery, [schema, table])).rows[0];
    if (!found)
      throw new StranglerError(
        'TABLE_MISSING',
        `Table ${displayTable(name)} does not exist in database ${client.database ?? ''}`,
        { details: { schema, table } },
      );
    const columns = (
      await client.query<Record<string, string | null>>(columnsQuery, [found.oid, schema, table])
    ).rows.map(toColumn);
    const foreignKeys = (await client.query<Record<string, string>>(foreignKeysQuery, [found.oid]))
      .rows;
    const replicaIdentity = commonIdentity(names(found.identities ?? '[]'));
    const primaryKey = names(found.primary_key ?? '[]');
    const identityColumns = {
      default: primaryKey,
      full: columns.filter((column) => !column.generated).map((column) => column.name),
      index: names(found.identity_index ?? '[]'),
      nothing: [],
    }[replicaIdentity];
    return {
      schema,
      table,
      kind: found.relkind === 'p' ? 'partitioned' : 'table',
      columns,
      primaryKey,
      primaryKeyDeferrable: found.deferrable === 't',
      replicaIdentity,
      identityColumns,
      estimatedRows: Number(found.rows),
      pages: Number(found.pages),
      foreignKeys: foreignKeys.map((key) => ({
        name: key.name ?? '',
        columns: names(key.columns ?? '[]'),
        ...(key.on_del != null && { onDelete: key.on_del }),
        ...(key.on_upd != null && { onUpdate: key.on_upd }),
        references: {
          schema: key.schema ?? '',
          table: key.table ?? '',
          columns: names(key.referenced ?? '[]'),
        },
      })),
    };
  } catch (error) {
    throw databaseFailure(error, `Cannot read the definition of table ${displayTable(name)}`);
  }
}

/** All ordinary and partitioned tables, without the system's and our own. */
export async function listTables(client: pg.Client): Promise<TableName[]> {
  const { rows } = await client.query<{ schema: string; table: string }>(
    `SELECT n.nspname AS schema, c.relname AS "table" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'strangler', 'strangler_control')
         AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2`,
  );
  return rows;
}
