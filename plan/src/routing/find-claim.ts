import { readingsOf } from './path-readings.ts';
import type { ReadValue, ValueReading } from './value-readings.ts';

export type Found<T> =
  | { readonly kind: 'claimed'; readonly path: string; readonly claim: T }
  | { readonly kind: 'unclaimed'; readonly path: string }
  /** Two servers could disagree on whether, or by which route, it is claimed. */
  | { readonly kind: 'doubtful'; readonly path: string; readonly reason: string };

const without: ValueReading = { read: () => undefined, because: '' };

/**
 * Who claims a path as the client spelt it. What every reading leaves unclaimed is nobody's business, however odd it looks;
 * where readings differ, whoever guesses could send a write past its owner. `values`: the ways to read what conditions ask for,
 * the plain one first.
 */
export function findClaim<T>(
  match: (path: string, read: ReadValue) => T | undefined,
  rawPath: string,
  values: readonly ValueReading[] = [],
): Found<T> {
  const { canonical: path, others, oddity } = readingsOf(rawPath);
  const [plain = without, ...otherValues] = values;
  const claim = match(path, plain.read);
  const other = others.find((reading) => match(reading.path, plain.read) !== claim);
  if (other) return { kind: 'doubtful', path, reason: other.because };
  for (const { read, because } of otherValues)
    if ([path, ...others.map((reading) => reading.path)].some((one) => match(one, read) !== claim))
      return { kind: 'doubtful', path, reason: because };
  if (claim === undefined) return { kind: 'unclaimed', path };
  if (oddity !== undefined) return { kind: 'doubtful', path, reason: oddity };
  return { kind: 'claimed', path, claim };
}
