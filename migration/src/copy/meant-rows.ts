import type { RowCondition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteTable, type TableName } from '../database/identifiers.ts';
import { conditionSql } from '../mapping/row-condition.ts';

/** How many rows meet a condition, by the planner's statistics of what the columns hold. */
export async function meantRows(
  client: pg.Client,
  table: TableName,
  where: RowCondition,
): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': string | readonly unknown[] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${quoteTable(table)} WHERE ${conditionSql(where)}`,
  );
  const found: unknown = rows[0]?.['QUERY PLAN'];
  const [plan] = (typeof found === 'string' ? JSON.parse(found) : found) as readonly {
    readonly Plan: { readonly 'Plan Rows': number };
  }[];
  return plan?.Plan['Plan Rows'] ?? 0;
}
