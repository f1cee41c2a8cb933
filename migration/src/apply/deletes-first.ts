import { isKeyed, keyText, type RowChange, touchedKeys } from './row-change.ts';

/**
 * Where several tables of the source come together in one of the target, a row that goes from one to the other is a row that
 * comes and one that goes, in either order; its key is taken until the old one is gone. So what a transaction takes away, and did
 * not touch before, goes first.
 */
export function deletesFirst(changes: readonly RowChange[]): RowChange[] {
  const result: RowChange[] = [];
  for (let from = 0; from < changes.length;) {
    const transaction = changes[from]?.transaction;
    let until = from + 1;
    while (until < changes.length && changes[until]?.transaction === transaction) until++;
    result.push(...ofTransaction(changes.slice(from, until)));
    from = until;
  }
  return result;
}

function ofTransaction(changes: readonly RowChange[]): RowChange[] {
  /** By mapping: something came before. */
  const touched = new Set<number>();
  /** By mapping: all rows were concerned, where they stand. */
  const whole = new Set<number>();
  const keys = new Set<string>();
  const first: RowChange[] = [];
  const rest: RowChange[] = [];
  for (const change of changes) {
    const { table } = change;
    const passes =
      change.kind === 'truncate'
        ? !touched.has(table)
        : change.kind === 'delete' && !whole.has(table) && !keys.has(keyText(table, change.key));
    (passes ? first : rest).push(change);
    touched.add(table);
    if (!isKeyed(change)) {
      if (!passes) whole.add(table);
      continue;
    }
    for (const key of touchedKeys(change)) keys.add(key);
  }
  return [...first, ...rest];
}
