import type { InteractionResult, SideResult } from '../verifier.ts';

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

/**
 * What instances of one version have done with each pact. A pact of which none of them was asked everything, because its messages
 * are published elsewhere, is not called kept.
 */
export function outcomesOf(
  sides: readonly Pick<SideResult, 'interactions' | 'notAsked'>[],
): (pact: string) => PactOutcome {
  const each = sides.map(({ interactions }) => byPact(interactions));
  return (pact) => {
    const outcome = together(each.map((of) => of.get(pact)).filter((one) => one !== undefined));
    const partly = sides.every(({ notAsked }) => notAsked?.includes(pact));
    return partly && outcome === 'kept' ? 'unknown' : outcome;
  };
}
