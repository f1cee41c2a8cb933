/** Upper bounds of latency buckets, milliseconds; the last bucket is everything above. */
export const LATENCY_BOUNDS: readonly number[] = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  Number.POSITIVE_INFINITY,
];

/** Index of the bucket that counts a latency. */
export const bucketOf = (milliseconds: number): number =>
  LATENCY_BOUNDS.findIndex((bound) => milliseconds <= bound);

/** Upper bound of the bucket in which the quantile falls. */
export function quantile(buckets: readonly number[], share: number): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let seen = 0;
  for (const [index, count] of buckets.entries()) {
    seen += count;
    if (seen >= total * share) return LATENCY_BOUNDS[index] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
