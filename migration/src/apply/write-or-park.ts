import { classifyFailure } from './classify-error.ts';
import { behindDeadLetter, dropParkedOfTable, type Parking, parkChange } from './parked-changes.ts';
import { isKeyed, type RowChange, touchedKeys } from './row-change.ts';
import { type Targets, writeChanges } from './write-changes.ts';

export interface WriteOrPark extends Parking {
  readonly targets: Targets;
  /** Keys with open dead letters; grows as changes are parked. */
  readonly parked: Set<string>;
  /** Throws SCHEMA_CHANGED when the data is not to blame but the mapping. */
  readonly checkSchema: () => Promise<void>;
}

/** Writes changes in order and returns how many were written. A truncate also ends what waited in the dead letters for its table. */
export async function writeInOrder(work: WriteOrPark, changes: readonly RowChange[]): Promise<number> {
  let written = 0;
  let from = 0;
  for (const [index, change] of changes.entries()) {
    if (change.kind !== 'truncate' || work.parked.size === 0) continue;
    written += await writeOrPark(work, changes.slice(from, index + 1));
    from = index + 1;
    await dropParkedOfTable(work, change.table);
    for (const key of work.parked) if (key.startsWith(`${change.table}:`)) work.parked.delete(key);
  }
  return written + (await writeOrPark(work, changes.slice(from)));
}

/**
 * Writes changes; those that the target's data rules refuse go to the dead letters, and everything else goes on. Halving
 * finds them, and also gets around values that two rows exchange: the smaller the run, the closer to the source's order.
 */
async function writeOrPark(work: WriteOrPark, changes: readonly RowChange[]): Promise<number> {
  const open = await parkBlocked(work, changes);
  if (open.length === 0) return 0;
  await work.client.query('SAVEPOINT strangler_write');
  try {
    await writeChanges(work.client, work.targets, open);
    await work.client.query('RELEASE SAVEPOINT strangler_write');
    return open.length;
  } catch (error) {
    if (classifyFailure(error) !== 'data') throw error;
    await work.client.query('ROLLBACK TO SAVEPOINT strangler_write');
    await work.client.query('RELEASE SAVEPOINT strangler_write');
    await work.checkSchema();
    const [first] = open;
    if (open.length > 1) {
      const middle = open.length >> 1;
      return (await writeOrPark(work, open.slice(0, middle))) + (await writeOrPark(work, open.slice(middle)));
    }
    if (first === undefined || !isKeyed(first)) throw error;
    await parkChange(work, first, error);
    for (const key of touchedKeys(first)) work.parked.add(key);
    return 0;
  }
}

async function parkBlocked(work: WriteOrPark, changes: readonly RowChange[]): Promise<RowChange[]> {
  if (work.parked.size === 0) return [...changes];
  const open: RowChange[] = [];
  for (const change of changes) {
    if (!isKeyed(change) || !touchedKeys(change).some((key) => work.parked.has(key))) {
      open.push(change);
      continue;
    }
    await parkChange(work, change, behindDeadLetter);
    for (const key of touchedKeys(change)) work.parked.add(key);
  }
  return open;
}
