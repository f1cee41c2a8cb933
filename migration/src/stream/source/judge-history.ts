import { type Lsn, lsnToText } from '../../database/lsn.ts';
import type { StreamHistory } from '../../replica/streams.ts';
import type { Branch, ServerIdentity } from './history.ts';

/** The source as it is found now. */
export interface FoundHistory extends ServerIdentity {
  /** Where the timelines before its own were left; asked for only when its own is not the stored one. */
  readonly ancestors: readonly Branch[];
  /** How far the stored mark's line was counted; null: there is no such line. */
  readonly counted: number | null;
}

/**
 * Why everything up to the position is not in the source any more; null: it is. A timeline may be a later one, as after a
 * failover, when the stored one was left at or after the position.
 */
export function whyAnotherHistory(
  stored: StreamHistory,
  position: Lsn,
  found: FoundHistory,
): string | null {
  if (found.system !== stored.system)
    return `it is system ${found.system}, and the position belongs to system ${stored.system}`;
  if (found.timeline !== stored.timeline) {
    const branch = found.ancestors.find(({ timeline }) => timeline === stored.timeline);
    if (branch === undefined)
      return `its timeline ${found.timeline} does not come from timeline ${stored.timeline}`;
    if (branch.left < position)
      return (
        `its timeline ${found.timeline} left timeline ${stored.timeline} at ${lsnToText(branch.left)}, ` +
        `and everything up to ${lsnToText(position)} was applied`
      );
  }
  if (stored.mark === null) return null;
  if (found.counted === null)
    return `the mark that was applied (${stored.mark.line}) is not there: it went back to a state before it`;
  if (found.counted < stored.mark.number)
    return (
      `mark ${stored.mark.number} of ${stored.mark.line} was applied and it has ${found.counted} of them: ` +
      'it went back to a state before it'
    );
  return null;
}
