import type { ChangeEvent } from '../stream/change-event.ts';
import { type FoldableChange, isFoldable, keyText, type RowChange } from './row-change.ts';

/** Changes of different rows, at most one per row: they may be written together, in any order. */
export interface RowsStep {
  readonly kind: 'rows';
  readonly changes: readonly FoldableChange[];
}
/** A change that everything before it must precede and everything after it must follow. */
export type BarrierStep = {
  readonly kind: 'barrier';
  readonly change: Exclude<RowChange, FoldableChange>;
};
export type ApplyStep = RowsStep | BarrierStep;

/** Two changes of one row as one; null when only their order can tell what happens. `events`: what the one says it was made of. */
export function foldChanges(
  earlier: FoldableChange,
  later: FoldableChange,
  events: readonly ChangeEvent[],
): FoldableChange | null {
  const base = { table: later.table, key: later.key, transaction: later.transaction, events };
  switch (later.kind) {
    case 'delete':
      return { ...base, kind: 'delete' };
    case 'put':
      if (earlier.kind === 'delete') return { ...base, kind: 'put', row: later.row, fresh: true };
      return {
        ...base,
        kind: 'put',
        row: { ...earlier.row, ...later.row },
        fresh: later.fresh || (earlier.kind === 'put' && earlier.fresh),
        created: earlier.kind === 'put' && earlier.created,
      };
    case 'patch':
      if (earlier.kind === 'delete') return later.lenient ? { ...base, kind: 'delete' } : null;
      if (earlier.kind === 'put')
        return {
          ...base,
          kind: 'put',
          row: { ...earlier.row, ...later.row },
          fresh: earlier.fresh,
          created: earlier.created,
        };
      return {
        ...base,
        kind: 'patch',
        row: { ...earlier.row, ...later.row },
        lenient: earlier.lenient && later.lenient,
      };
  }
}

/**
 * Collapses a run of changes into steps with one change per row, because one statement cannot write a row twice. The folded
 * changes are for writing only: they name the last of their events.
 */
export function collapseChanges(changes: readonly RowChange[]): ApplyStep[] {
  const steps: ApplyStep[] = [];
  let rows = new Map<string, FoldableChange>();
  const closeRows = (): void => {
    if (rows.size > 0) steps.push({ kind: 'rows', changes: [...rows.values()] });
    rows = new Map();
  };
  for (const change of changes) {
    if (!isFoldable(change)) {
      closeRows();
      steps.push({ kind: 'barrier', change });
      continue;
    }
    const text = keyText(change.table, change.key);
    const earlier = rows.get(text);
    const folded = earlier === undefined ? change : foldChanges(earlier, change, change.events);
    if (folded === null) {
      closeRows();
      rows.set(text, change);
    } else {
      // a value moving from one row to another keeps its order as far as one statement can
      if (earlier !== undefined) rows.delete(text);
      rows.set(text, folded);
    }
  }
  closeRows();
  return steps;
}

/**
 * Folds the changes that one transaction made to parts of the same row, so that even one by one the row is written whole:
 * its first part alone may lack columns that the monolith demands.
 */
export function foldParts(changes: readonly RowChange[]): RowChange[] {
  const result: RowChange[] = [];
  let open = new Map<string, FoldableChange>();
  let transaction: bigint | null = null;
  const close = (): void => {
    result.push(...open.values());
    open = new Map();
  };
  for (const change of changes) {
    if (transaction !== change.transaction || !isFoldable(change)) close();
    transaction = change.transaction;
    if (!isFoldable(change)) {
      result.push(change);
      continue;
    }
    const text = keyText(change.table, change.key);
    const earlier = open.get(text);
    const folded =
      earlier === undefined
        ? change
        : foldChanges(earlier, change, [...earlier.events, ...change.events]);
    if (folded === null && earlier !== undefined) result.push(earlier);
    open.delete(text);
    open.set(text, folded ?? change);
  }
  close();
  return result;
}
