import type { RowCondition } from '@strangler-toolkit/plan';
import { quoteTable } from '../database/identifiers.ts';
import { fenceAction, type FenceRule, type FenceTriggers } from '../replica/fences.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { type FenceableTable, rowFences } from './fence-tables.ts';

/** A trigger that a table may have already, and what makes or keeps it. */
type Make = (name: string, when: string) => string;

/** AFTER, because until then another trigger may change the row. Who empties the table takes our rows along. */
function rowStatements(table: FenceableTable, rows: readonly RowCondition[], make: Make): string {
  const name = quoteTable(table);
  const meant = (row: string): string =>
    rows.map((condition) => `(${conditionSql(condition, row)})`).join(' OR ');
  const truncate = make('strangler_fence', `BEFORE TRUNCATE ON ${name} FOR EACH STATEMENT`);
  if (table.clone) return truncate;
  const when = {
    strangler_fence_delete: `DELETE ON ${name} FOR EACH ROW WHEN (${meant('OLD')})`,
    strangler_fence_insert: `INSERT ON ${name} FOR EACH ROW WHEN (${meant('NEW')})`,
    strangler_fence_update: `UPDATE ON ${name} FOR EACH ROW WHEN (${meant('OLD')} OR ${meant('NEW')})`,
  };
  return truncate + rowFences.map((trigger) => make(trigger, `AFTER ${when[trigger]}`)).join('');
}

function statements(table: FenceableTable, fence: FenceRule, make: Make): string {
  if (table.rows !== undefined) return rowStatements(table, table.rows, make);
  const name = quoteTable(table);
  const statement = make(
    'strangler_fence',
    `BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${name} FOR EACH STATEMENT`,
  );
  if (table.rowTrigger === null) return statement;
  // A statement on a parent fires only the parent's statement triggers; rows that it routes here meet this one.
  if (fence.mode === 'refuse')
    return (
      statement +
      make(table.rowTrigger, `BEFORE INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW`)
    );
  return table.hasRowTrigger
    ? `${statement}ALTER TABLE ${name} DISABLE TRIGGER ${table.rowTrigger};`
    : statement;
}

/**
 * Always, that is in replica role as well, for each statement: our own batches are few of them. What fires for each row would cost
 * the apply as much as the row.
 */
const enabling = (table: FenceableTable, { mode }: FenceRule, trigger: string): string =>
  `ALTER TABLE ${quoteTable(table)} ENABLE ` +
  `${mode === 'refuse' && (trigger === 'strangler_fence' || table.rows !== undefined) ? 'ALWAYS ' : ''}TRIGGER ${trigger};`;

/** Replaces what is there, which takes no stronger lock than making it. */
export const replacing = (table: FenceableTable, fence: FenceRule): string =>
  statements(
    table,
    fence,
    (trigger, when) =>
      `CREATE OR REPLACE TRIGGER ${trigger} ${when} ${fenceAction(fence)};${enabling(table, fence, trigger)}`,
  );

export interface Remade {
  readonly sql: string;
  /** A trigger must be dropped, which waits for readers too. */
  readonly drops: boolean;
}

/** For a server that cannot replace a trigger: what is there as it should be is enabled, and only another one is dropped. */
export function remaking(
  table: FenceableTable,
  fence: FenceRule,
  there: FenceTriggers | undefined,
): Remade {
  const same =
    there?.mode === fence.mode &&
    there.owner === fence.owner &&
    // what the rows are that it is about, no catalog tells in the words of a context file
    table.rows === undefined &&
    !rowFences.some((trigger) => there.triggers.includes(trigger)) &&
    (fence.mode === 'refuse' || there.epoch === String(fence.epoch ?? ''));
  let drops = false;
  const sql = statements(table, fence, (trigger, when) => {
    const exists = there?.triggers.includes(trigger) === true;
    if (exists && same) return enabling(table, fence, trigger);
    drops ||= exists;
    const drop = exists ? `DROP TRIGGER ${trigger} ON ${quoteTable(table)};` : '';
    return `${drop}CREATE TRIGGER ${trigger} ${when} ${fenceAction(fence)};${enabling(table, fence, trigger)}`;
  });
  return { sql, drops };
}
