import type { RowCondition } from '@strangler-toolkit/plan';
import { quoteTable, type TableName } from '../database/identifiers.ts';
import { conditionSql } from './row-condition.ts';

/** Rows of a service's table that replication wrote; of one that both sides write (`append`) those that meet the condition. */
export const ourRows = (meant: RowCondition | undefined): string =>
  meant === undefined ? 'true' : conditionSql(meant);

export const deleteOurs = (table: TableName, meant: RowCondition | undefined): string =>
  `DELETE FROM ${quoteTable(table)} WHERE ${ourRows(meant)}`;
