import type { JournalRow } from '../control/index.ts';
import { markOf } from './ramp-names.ts';

/**
 * The share of reads of which a ramp judged that it holds, before this one begins. What flags say alone is not judged: a
 * ramp that was killed while it watched leaves the share it was trying.
 */
export function judgedGood(
  rows: readonly Pick<JournalRow, 'epoch' | 'status' | 'detail'>[],
  { epoch, percents }: { readonly epoch: number; readonly percents: readonly number[] },
): number {
  const last = rows.findLast((row) => row.epoch === epoch);
  const percent = last?.status === 'done' ? Number(last.detail.percent) : 0;
  return percents.length > 0 && percents.every((now) => now === percent) ? percent : 0;
}

/** Where a step that does not go on returns to: never to a share that was judged bad, never to more than it tried. */
export const wayBack = (step: {
  readonly percent: number;
  readonly good: number;
  readonly judgedBad: boolean;
}): number => (step.judgedBad && step.good >= step.percent ? 0 : Math.min(step.good, step.percent));

/** Those who were named when a ramp judged that it holds, if they are who the flags name still. */
export function judgedNames(
  rows: readonly Pick<JournalRow, 'epoch' | 'status' | 'detail'>[],
  { epoch, named }: { readonly epoch: number; readonly named: readonly (readonly string[])[] },
): readonly string[] {
  const last = rows.findLast((row) => row.epoch === epoch);
  const mark = last?.status === 'done' ? last.detail.names : undefined;
  const good = named.every((hashes) => markOf(hashes) === mark);
  return (good && named[0]) || [];
}

/** Who stays named then, by the same rule. */
export function namesBack(step: {
  readonly percent: number;
  readonly good: number;
  readonly judgedBad: boolean;
  readonly tried: readonly string[];
  readonly kept: readonly string[];
}): readonly string[] {
  if (step.good < step.percent) return step.kept;
  return step.judgedBad ? [] : step.kept.filter((hash) => step.tried.includes(hash));
}
