import { directionFrom, type Side, sidesOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { currentLsn } from '../database/current-lsn.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { Comparison } from './comparison.ts';
import { type ReadRow, readRows } from './read-rows.ts';

export interface DifferingRow {
  /** As the monolith writes it, in the order of the key's columns. */
  readonly key: readonly string[];
  /** The service table that holds this part of the row. */
  readonly part: string;
  /** missing: only the owner has the row; extra: only the other side has it. */
  readonly kind: 'missing' | 'extra' | 'different';
  readonly columns?: readonly {
    readonly name: string;
    readonly monolith: string | null;
    readonly service: string | null;
  }[];
}

export interface SettleContext {
  readonly owner: { readonly client: pg.Client; readonly side: Side };
  readonly other: { readonly client: pg.Client; readonly side: Side };
  /** Up to where the other side has applied the owner's changes. */
  appliedPosition(): Promise<Lsn>;
  readonly attempts: number;
  readonly catchUpMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Settled {
  readonly differing: readonly {
    readonly shared: readonly string[];
    readonly row: Omit<DifferingRow, 'key' | 'part'>;
  }[];
  readonly unsettled: readonly (readonly string[])[];
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new StranglerError('CANCELLED', 'The verification was cancelled', {
      cause: signal.reason,
    });
}

/** False when the other side did not get there in time. */
export async function waitUntilApplied(
  context: Pick<SettleContext, 'appliedPosition' | 'catchUpMs' | 'signal'>,
  lsn: Lsn,
): Promise<boolean> {
  const deadline = performance.now() + context.catchUpMs;
  for (let wait = 5; ; wait = Math.min(100, wait * 2)) {
    throwIfCancelled(context.signal);
    if ((await context.appliedPosition()) >= lsn) return true;
    if (performance.now() >= deadline) return false;
    await pause(wait);
  }
}

/**
 * Tells differences from lag. The owner's row is read, then (once everything committed until then is applied) the other
 * side's, then the owner's again: only if the owner's row was not written in between and the other side differs from it, it
 * is a difference. A row that the owner does not have carries no version, so there the other side's row must also survive,
 * unwritten, a second round: one that was inserted and deleted in between would be gone.
 */
export async function settle(
  context: SettleContext,
  comparison: Comparison,
  keys: readonly (readonly string[])[],
): Promise<Settled> {
  const { owner, other } = context;
  const differing: Settled['differing'][number][] = [];
  const extras = new Map<string, string>();
  let open = [...keys];
  for (let attempt = 0; open.length > 0 && attempt < context.attempts; attempt += 1) {
    if (attempt > 2) await pause(20 * attempt);
    const first = await readRows(owner.client, comparison, owner.side, open);
    if (!(await waitUntilApplied(context, await currentLsn(owner.client)))) break;
    const theirs = await readRows(other.client, comparison, other.side, open);
    const second = await readRows(owner.client, comparison, owner.side, open);
    open = open.filter((shared) => {
      const key = JSON.stringify(shared);
      const [before, there, after] = [first.get(key), theirs.get(key), second.get(key)];
      // Alike with what the owner showed at the beginning or shows now: everything until then has arrived.
      if (alike(comparison, before, there) || alike(comparison, after, there)) return false;
      if (before?.version !== after?.version) return true;
      if (before === undefined && extras.get(key) !== there?.version) {
        if (there) extras.set(key, there.version);
        return true;
      }
      differing.push({ shared, row: describe(comparison, owner.side, before, there) });
      return false;
    });
  }
  return { differing, unsettled: open };
}

const empty = (row: ReadRow): boolean => row.values.every((value) => value === null);

function alike(
  comparison: Comparison,
  one: ReadRow | undefined,
  two: ReadRow | undefined,
): boolean {
  if (one && two)
    return (
      one.values.length === two.values.length &&
      one.values.every((value, index) => value === two.values[index])
    );
  const only = one ?? two;
  // The first part decides about existence; a further part without values may as well not be there.
  return only === undefined || (!comparison.first && empty(only));
}

function describe(
  comparison: Comparison,
  ownerSide: Side,
  owners: ReadRow | undefined,
  others: ReadRow | undefined,
): Omit<DifferingRow, 'key' | 'part'> {
  if (!owners) return { kind: 'extra' };
  if (!others) return { kind: 'missing' };
  const { monolith, service } = sidesOf(directionFrom(ownerSide), owners, others);
  const columns = comparison.valueLinks.flatMap((link, index) => {
    const [left = null, right = null] = [monolith.values[index], service.values[index]];
    return left === right ? [] : [{ name: link.from, monolith: left, service: right }];
  });
  return { kind: 'different', columns };
}
