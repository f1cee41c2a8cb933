/** A time that has passed, as short as can be read. */
export const age = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : seconds < 172_800
        ? `${Math.round(seconds / 3600)} h`
        : `${Math.round(seconds / 86_400)} days`;

/** The newest verification, when it is of an epoch before this one: it is about another owner's rows. */
export interface EarlierVerification {
  /** The epoch that has none. */
  readonly since: number;
  readonly epoch: number;
  readonly ageSeconds: number;
  readonly differences: number;
}

/** "Never" would be untrue, and a number alone would count. */
export const earlierVerificationText = (last: EarlierVerification): string =>
  `none since epoch ${last.since} (the last: ${age(last.ageSeconds)} ago, epoch ${last.epoch}, ` +
  `${last.differences} differ)`;
