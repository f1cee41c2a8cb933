import type pg from 'pg';
import { quoteTable, type TableName } from '../database/identifiers.ts';

/** The first of them that holds a row. */
export async function filledTable(
  client: pg.Client,
  tables: readonly TableName[],
): Promise<TableName | undefined> {
  for (const table of tables) {
    const { rows } = await client.query<{ filled: string }>(
      `SELECT EXISTS (SELECT FROM ${quoteTable(table)})::text AS filled`,
    );
    if (rows[0]?.filled === 'true') return table;
  }
  return undefined;
}
