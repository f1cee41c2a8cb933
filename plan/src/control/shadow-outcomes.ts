/** What a comparison can come to; all of them are counted. */
export const shadowOutcomes = [
  'match',
  'mismatch',
  'stale',
  'candidate-error',
  'candidate-timeout',
  'uncomparable',
  'dropped',
] as const;
export type ShadowOutcome = (typeof shadowOutcomes)[number];
