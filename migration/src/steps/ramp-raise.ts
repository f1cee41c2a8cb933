import type { FlagState } from '../flags/index.ts';

/** Whether a step sends somebody to the service who, by what flags say now, is not sent there. */
export const raises = (
  now: readonly Pick<FlagState, 'percent' | 'identities'>[],
  step: { readonly percent: number; readonly identities: readonly string[] },
): boolean =>
  now.some(
    ({ percent, identities = [] }) =>
      step.percent > percent ||
      (percent < 100 && step.identities.some((hash) => !identities.includes(hash))),
  );
