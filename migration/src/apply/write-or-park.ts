import { codeOf } from '@strangler-toolkit/plan';
import { classifyFailure } from './classify-error.ts';
import {
  behindDeadLetter,
  dropParkedOfSource,
  dropParkedOfTable,
  type Parking,
  parkChange,
} from './parked-changes.ts';
import { type ApplyStep, collapseChanges } from './collapse.ts';
import { isKeyed, type KeyedRowChange, type RowChange, touchedKeys } from './row-change.ts';
import type { PlainInserts } from './plain-inserts.ts';
import type { Savepoint } from './savepoint.ts';
import { type Targets, writeSteps } from './write-changes.ts';

export interface WriteOrPark extends Parking {
  readonly targets: Targets;
  /** By mapping, whose keys are those of another one (`rowSpaces`). */
  readonly spaces: readonly number[];
  readonly savepoint: Savepoint;
  readonly plainInserts: PlainInserts;
  /** Keys with open dead letters; grows as changes are parked. */
  readonly parked: Set<string>;
  /** Nothing is parked: what the target refuses is thrown. */
  readonly strict?: boolean;
  /** Throws SCHEMA_CHANGED when the data is not to blame but the mapping. */
  readonly checkSchema: () => Promise<void>;
}

/**
 * Writes changes in order and returns how many were written. A truncate also ends what waited in the dead letters for its
 * table. `steps`: the changes, collapsed.
 */
export async function writeInOrder(
  work: WriteOrPark,
  changes: readonly RowChange[],
  steps: readonly ApplyStep[],
): Promise<number> {
  let written = 0;
  let from = 0;
  for (const [index, change] of changes.entries()) {
    if (change.kind !== 'truncate') continue;
    written += await writeOrPark(work, changes.slice(from, index + 1));
    from = index + 1;
    if (work.parked.size === 0) continue;
    await forgetParked(work, change);
  }
  if (from === 0) return writeOrPark(work, changes, steps);
  return written + (await writeOrPark(work, changes.slice(from)));
}

async function forgetParked(
  work: WriteOrPark,
  change: Extract<RowChange, { kind: 'truncate' }>,
): Promise<void> {
  const { parked, spaces } = work;
  const space = spaces[change.table];
  if (spaces.filter((one) => one === space).length > 1) {
    const left = await dropParkedOfSource(work, change);
    parked.clear();
    for (const key of left) parked.add(key);
    return;
  }
  await dropParkedOfTable(work, change.table);
  for (const key of parked) if (key.startsWith(`${change.table}:`)) parked.delete(key);
}

/**
 * Writes changes; those that the target's data rules refuse go to the dead letters, and everything else goes on. Halving
 * finds them, and also gets around values that two rows exchange: the smaller the run, the closer to the source's order.
 */
async function writeOrPark(
  work: WriteOrPark,
  changes: readonly RowChange[],
  steps?: readonly ApplyStep[],
): Promise<number> {
  const open = await parkBlocked(work, changes);
  if (open.length === 0) return 0;
  const { plainInserts } = work;
  await work.savepoint.begin();
  plainInserts.beginRun();
  try {
    await writeSteps(
      work.client,
      work.targets,
      open === changes && steps !== undefined ? steps : collapseChanges(open),
      plainInserts,
    );
    work.savepoint.keep();
    plainInserts.succeeded();
    return open.length;
  } catch (error) {
    // COPY into a table with row-level security is not supported
    const refused = codeOf(error) === '0A000' && plainInserts.refused();
    if (!refused && classifyFailure(error) !== 'data') throw error;
    await work.savepoint.undo();
    if (refused || plainInserts.failed()) return writeOrPark(work, open);
    const [first] = open;
    if (open.length > 1) {
      const middle = open.length >> 1;
      return (
        (await writeOrPark(work, open.slice(0, middle))) +
        (await writeOrPark(work, open.slice(middle)))
      );
    }
    // the mapping may be what no longer fits
    await work.checkSchema();
    if (first === undefined || !isKeyed(first) || work.strict === true) throw error;
    await park(work, first, error);
    return 0;
  }
}

async function parkBlocked(
  work: WriteOrPark,
  changes: readonly RowChange[],
): Promise<readonly RowChange[]> {
  if (work.parked.size === 0) return changes;
  const open: RowChange[] = [];
  for (const change of changes) {
    if (!isKeyed(change) || !touchedKeys(change, work.spaces).some((key) => work.parked.has(key)))
      open.push(change);
    else await park(work, change, behindDeadLetter);
  }
  return open;
}

async function park(work: WriteOrPark, change: KeyedRowChange, error: unknown): Promise<void> {
  await parkChange(work, change, error);
  work.savepoint.keep();
  for (const key of touchedKeys(change, work.spaces)) work.parked.add(key);
}
