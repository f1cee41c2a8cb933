import type { RowCondition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteTable, type TableName } from '../database/identifiers.ts';
import { conditionSql } from '../mapping/row-condition.ts';

/** The first of them that holds a row, of those that a mapping means. */
export async function filledTable(
  client: pg.Client,
  tables: readonly TableName[],
  where: RowCondition = {},
): Promise<TableName | undefined> {
  for (const table of tables) {
    const { rows } = await client.query<{ filled: string }>(
      `SELECT EXISTS (SELECT FROM ${quoteTable(table)} WHERE ${conditionSql(where) || 'true'})::text AS filled`,
    );
    if (rows[0]?.filled === 'true') return table;
  }
  return undefined;
}
