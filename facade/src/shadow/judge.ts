import type { ShadowOutcome } from '@strangler-toolkit/plan';
import type { Difference, Observed } from './difference.ts';
import { ComparisonFailed } from './comparer.ts';
import { ObservationFailed } from './observe.ts';

export interface Verdict {
  readonly outcome: ShadowOutcome;
  readonly differences: readonly Difference[];
  readonly statuses?: { readonly reference: number; readonly candidate: number };
  readonly cause?: string;
  /** In what the owner differed from itself, when that left nothing to judge. */
  readonly noise?: readonly Difference[];
}

export interface Court {
  /** The owner again, as a shadow. */
  readonly reference: () => Promise<Observed>;
  readonly candidate: () => Promise<Observed>;
  /** Resolves once the candidate's side has everything that was acknowledged before the call; false: not in time. */
  caughtUp(): Promise<boolean>;
  /** @throws ComparisonFailed */
  compare(reference: Observed, candidate: Observed): Promise<readonly Difference[]>;
  readonly tries: number;
}

const verdict = (
  outcome: ShadowOutcome,
  differences: readonly Difference[] = [],
  cause?: string,
): Verdict => ({ outcome, differences, ...(cause === undefined ? {} : { cause }) });

async function observed(
  ask: () => Promise<Observed>,
  side: 'reference' | 'candidate',
): Promise<Observed | Verdict> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ObservationFailed)) throw error;
    if (side === 'reference' || error.kind === 'too-large' || error.kind === 'undecodable')
      return verdict('uncomparable', [], `${side}: ${error.message}`);
    return verdict(
      error.kind === 'timeout' ? 'candidate-timeout' : 'candidate-error',
      [],
      error.message,
    );
  }
}
const failed = (result: Observed | Verdict): result is Verdict => 'outcome' in result;

/**
 * Is a difference real, or did the state move between the calls? Ask the owner, wait until the other side has caught up with
 * that moment, ask the other side, ask the owner again. Only when the owner said the same twice does the answer in between
 * count: different is a mismatch; equal means that the first difference was mere lateness.
 *
 * `primary` is what the client got; undefined when it cannot serve (a 304 has no body).
 */
export async function judge(primary: Observed | undefined, court: Court): Promise<Verdict> {
  try {
    return await hear(primary, court);
  } catch (error) {
    if (error instanceof ComparisonFailed) return verdict('uncomparable', [], error.message);
    throw error;
  }
}

async function hear(primary: Observed | undefined, court: Court): Promise<Verdict> {
  if (primary) {
    const first = await observed(court.candidate, 'candidate');
    if (failed(first)) return first;
    if ((await court.compare(primary, first)).length === 0) return verdict('match');
  }
  let noise: readonly Difference[] = [];
  for (let attempt = 0; attempt < court.tries; attempt++) {
    const before = await observed(court.reference, 'reference');
    if (failed(before)) return before;
    if (!(await court.caughtUp()))
      return verdict('uncomparable', [], 'the other side did not catch up in time');
    const candidate = await observed(court.candidate, 'candidate');
    if (failed(candidate)) return candidate;
    const after = await observed(court.reference, 'reference');
    if (failed(after)) return after;
    noise = await court.compare(before, after);
    if (noise.length > 0) continue;
    const differences = await court.compare(before, candidate);
    if (differences.length === 0) return verdict(primary ? 'stale' : 'match');
    const statuses = { reference: before.status, candidate: candidate.status };
    return {
      outcome: candidate.status >= 500 && before.status < 500 ? 'candidate-error' : 'mismatch',
      differences,
      statuses,
    };
  }
  return { ...verdict('uncomparable', [], 'the owner answered differently each time'), noise };
}
