import { readInstanceDetail, type StandInsSeen } from '@strangler-toolkit/plan';

/** What all facades tell of a context together; where the owner changed meanwhile, of the side that answered more. */
export function standInsSeen(
  context: string,
  facades: readonly { readonly detail: unknown }[],
): StandInsSeen | undefined {
  const sums = new Map<StandInsSeen['side'], number>();
  for (const { detail } of facades) {
    const seen = readInstanceDetail(detail).standIns?.[context];
    if (seen) sums.set(seen.side, (sums.get(seen.side) ?? 0) + seen.reads);
  }
  const [most] = [...sums].sort(([, one], [, other]) => other - one);
  return most && { side: most[0], reads: most[1] };
}
