import type { LogicalRow, RowChange } from './row-change.ts';

/** A row of which a change holds a part only: large values that it left as they were do not travel. */
export interface PartOfRow {
  /** Index of the mapping's table. */
  readonly table: number;
  readonly key: LogicalRow;
}

/**
 * Changes for tables in which rows are missing that a copy has yet to bring. A whole row is written, whether it was there or
 * not. A part of one changes the row that is there and is passed over otherwise; nobody looked which, so `parts` names both.
 */
export function withGaps(changes: readonly RowChange[]): {
  readonly changes: readonly RowChange[];
  readonly parts: readonly PartOfRow[];
} {
  const parts: PartOfRow[] = [];
  const lenient = changes.map((change) => {
    if (change.kind !== 'patch' && (change.kind !== 'rekey' || change.complete)) return change;
    parts.push({ table: change.table, key: change.key });
    return { ...change, lenient: true };
  });
  return { changes: lenient, parts };
}
