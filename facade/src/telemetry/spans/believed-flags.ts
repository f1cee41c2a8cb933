/**
 * Whether a trace that somebody else began is told. A proxy of ours decides for us. Of anybody else's the usual share is, by
 * chance: neither a flag nor an id that they choose makes us tell more of them. What they want untold stays so.
 */
export function believedFlags(
  said: number,
  {
    trusted,
    ratio,
    chance,
  }: { readonly trusted: boolean; readonly ratio: number; readonly chance: number },
): number {
  const sampled = (said & 1) === 1 && (trusted || chance < ratio);
  return sampled ? 1 : 0;
}
