import { readingsOf } from './path-readings.ts';

export type Found<T> =
  | { readonly kind: 'claimed'; readonly path: string; readonly claim: T }
  | { readonly kind: 'unclaimed'; readonly path: string }
  /** Two servers could disagree on whether, or by which route, it is claimed. */
  | { readonly kind: 'doubtful'; readonly path: string; readonly reason: string };

/**
 * Who claims a path as the client spelt it. What every reading leaves unclaimed is nobody's business, however odd it looks;
 * where readings differ, whoever guesses could send a write past its owner.
 */
export function findClaim<T>(match: (path: string) => T | undefined, rawPath: string): Found<T> {
  const { canonical: path, others, oddity } = readingsOf(rawPath);
  const claim = match(path);
  const other = others.find((reading) => match(reading.path) !== claim);
  if (other) return { kind: 'doubtful', path, reason: other.because };
  if (claim === undefined) return { kind: 'unclaimed', path };
  if (oddity !== undefined) return { kind: 'doubtful', path, reason: oddity };
  return { kind: 'claimed', path, claim };
}
