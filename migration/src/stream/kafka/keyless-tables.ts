import type pg from 'pg';
import { databaseFailure } from '../../database/failures.ts';
import type { SourceTable } from '../transport.ts';

/**
 * Tables whose messages need columns named as their key: those without a primary key. All changes of one row must lie in one
 * partition, and a change of its key must be told as such.
 */
export async function tablesWithoutPrimaryKey(
  client: pg.Client,
  tables: readonly SourceTable[],
  keys: ReadonlyMap<string, readonly string[]>,
): Promise<{ table: SourceTable; columns: readonly string[] }[]> {
  try {
    const { rows } = await client.query<{ schema: string; table: string }>(
      `SELECT n.nspname AS schema, c.relname AS "table" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN unnest($1::text[], $2::text[]) AS wanted(schema, name) ON n.nspname = wanted.schema AND c.relname = wanted.name
       WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
      [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
    );
    return tables.flatMap((table) => {
      const columns = keys.get(`${table.schema}.${table.table}`);
      return columns && rows.some((row) => row.schema === table.schema && row.table === table.table)
        ? [{ table, columns }]
        : [];
    });
  } catch (error) {
    throw databaseFailure(error, 'Cannot read which tables have a primary key');
  }
}
