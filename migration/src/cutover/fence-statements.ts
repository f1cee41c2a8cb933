import { quoteTable } from '../database/identifiers.ts';
import { fenceAction, type FenceRule, type FenceTriggers } from '../replica/fences.ts';
import type { FenceableTable } from './fence-tables.ts';

/** A trigger that a table may have already, and what makes or keeps it. */
type Make = (name: string, when: string) => string;

function statements(table: FenceableTable, fence: FenceRule, make: Make): string {
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
  `${mode === 'refuse' && trigger === 'strangler_fence' ? 'ALWAYS ' : ''}TRIGGER ${trigger};`;

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
