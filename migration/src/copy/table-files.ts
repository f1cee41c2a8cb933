import type pg from 'pg';
import { quoteTable, type TableName } from '../database/identifiers.ts';
import { type CompiledMapping, tableName } from '../mapping/compiled-mapping.ts';
import { CannotResume } from './cut-off.ts';

/** `tableFiles` of each mapped table of the monolith. */
export type MappedFiles = ReadonlyMap<string, string>;

export async function mappedFiles(
  client: pg.Client,
  mapping: CompiledMapping,
): Promise<MappedFiles> {
  const files = new Map<string, string>();
  for (const { monolith } of mapping.tables)
    files.set(tableName(monolith), await tableFiles(client, monolith));
  return files;
}

/**
 * Keeps all mapped tables where they are until the session ends. Some rewrites (ALTER TABLE) and TRUNCATE show no row to a
 * snapshot from before them, whether or not anything of the table was read.
 * @throws CannotResume a table was stored anew after the snapshot was made
 */
export async function holdFiles(
  snapshot: pg.Client,
  mapping: CompiledMapping,
  before: MappedFiles,
): Promise<void> {
  for (const { monolith } of mapping.tables)
    await snapshot.query(`LOCK TABLE ${quoteTable(monolith)} IN ACCESS SHARE MODE`);
  for (const { monolith } of mapping.tables) await requireFiles(snapshot, monolith, before);
}

/** For a session that holds a lock on the table, or has read it. @throws CannotResume as `holdFiles` */
export async function requireFiles(
  client: pg.Client,
  table: TableName,
  before: MappedFiles,
): Promise<string> {
  const files = await tableFiles(client, table);
  if (files !== before.get(tableName(table)))
    throw new CannotResume(
      `table ${tableName(table)} of the monolith was stored anew after the snapshot was made (ALTER TABLE, TRUNCATE, CLUSTER, VACUUM FULL)`,
    );
  return files;
}

/**
 * Where the rows of a table and of those below it lie: another answer means other pages. It is that of now, also in a
 * transaction that sees the rows of before; who holds a lock on the table gets the same one until it ends.
 */
async function tableFiles(client: pg.Client, table: TableName): Promise<string> {
  const { rows } = await client.query<{ files: string }>(
    `WITH RECURSIVE tree AS (
       SELECT to_regclass($1)::oid AS oid
       UNION ALL
       SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)
     SELECT coalesce(string_agg(oid::text || ':' || pg_relation_filenode(oid)::text, ',' ORDER BY oid), '') AS files
       FROM tree`,
    [quoteTable(table)],
  );
  return rows[0]?.files ?? '';
}
