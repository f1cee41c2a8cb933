/** Who asked for the routes of a context that a percentage may steer. */
export interface TrafficSeen {
  readonly requests: number;
  /** Requests that showed none of the context's identity sources. */
  readonly anonymous: number;
  /** An estimate above some hundreds. */
  readonly identities: number;
  /** Percentages (1 to 100, ascending) that somebody's share begins at: at 10 everybody is served whose number is 10 or less. */
  readonly shares: readonly number[];
}

/** The first of the steps that would be for nobody; undefined while nothing is known of the traffic. */
export const emptyStep = (
  steps: readonly number[],
  { shares }: TrafficSeen,
): number | undefined => {
  const [first] = shares;
  return first === undefined ? undefined : steps.find((step) => step > 0 && step < first);
};

/** Steps of which each adds somebody: the first, one in the middle, all. */
export function fittingSteps({ shares }: TrafficSeen): readonly number[] {
  const middle = shares[Math.floor((shares.length - 1) / 2)];
  return [...new Set([shares[0] ?? 100, middle ?? 100, 100])].sort((a, b) => a - b);
}
