import type { InteractionResult } from '../verifier.ts';

/** What a provider's version may be said to have done with a pact. */
export type PactOutcome = 'kept' | 'broken' | 'unknown';

/**
 * Of the interactions of one pact on one side. What differs is certain whatever else is not known; what its author marked as
 * pending is left out; a pact of which something was not asked is not called kept.
 */
export function outcomeOf(interactions: readonly InteractionResult[]): PactOutcome {
  const asked = interactions.filter(
    ({ verdict, notRequired }) => verdict !== 'pending' || notRequired !== undefined,
  );
  const held = asked.map(({ verdict, held: would }) =>
    verdict === 'pending'
      ? would
      : verdict === 'kept'
        ? true
        : verdict === 'broken'
          ? false
          : undefined,
  );
  if (held.includes(false)) return 'broken';
  return held.length > 0 && held.every((one) => one === true) ? 'kept' : 'unknown';
}

/** Of several instances of the same version: the worst that is certain, and kept only by all of them. */
export const together = (outcomes: readonly PactOutcome[]): PactOutcome =>
  outcomes.includes('broken')
    ? 'broken'
    : outcomes.length > 0 && outcomes.every((one) => one === 'kept')
      ? 'kept'
      : 'unknown';

/** By the name of its file. */
export function byPact(
  interactions: readonly InteractionResult[],
): ReadonlyMap<string, PactOutcome> {
  const names = [...new Set(interactions.map(({ pact }) => pact))];
  return new Map(
    names.map((name) => [name, outcomeOf(interactions.filter(({ pact }) => pact === name))]),
  );
}
