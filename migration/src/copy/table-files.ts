import type pg from 'pg';
import { quoteTable, type TableName } from '../database/identifiers.ts';

/**
 * Where the rows of a table and of those below it lie: another answer means other pages. It is that of now, also in a
 * transaction that sees the rows of before; who holds a lock on the table gets the same one until it ends.
 */
export async function tableFiles(client: pg.Client, table: TableName): Promise<string> {
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
