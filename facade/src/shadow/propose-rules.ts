import type { Mask } from '@strangler-toolkit/plan';
import type { Difference } from './difference.ts';
import type { Verdict } from './judge.ts';
import { segments, toPointer } from './pointer.ts';
import { scrub } from './scrub.ts';

/** Lines for a route's `compare`, for a person to decide about. */
export interface ProposedRules {
  readonly unordered?: readonly string[];
  readonly ignore?: readonly { readonly path: string; readonly reason: string }[];
  readonly masks?: readonly Mask[];
}

const reason = 'the monolith answers something else here each time';
/** A rule for one item is a rule for all of them; keys that are data are items. */
const general = (path: string): string =>
  path.startsWith('/')
    ? toPointer(segments(path).map((key) => (/^\d+$/.test(key) || scrub(key) !== key ? '*' : key)))
    : path;
const unique = (paths: readonly string[]): string[] => [...new Set(paths)];

/**
 * Lists that differ in nothing but their order could be unordered; what the owner itself never says twice could be ignored or
 * masked. A real difference is never proposed away.
 */
export function proposeRules({ differences, noise = [] }: Verdict): ProposedRules | undefined {
  const all = [...differences, ...noise];
  const unordered = all.filter(({ onlyOrder }) => onlyOrder).map(({ path }) => general(path));
  const rest = noise.filter(({ onlyOrder }) => !onlyOrder);
  const ignorable = ({ path }: Difference): boolean =>
    path.startsWith('/') || path.startsWith('header:');
  const ignored = rest.filter(ignorable).map(({ path }) => general(path));
  const masks = rest.flatMap((difference) => difference.masks ?? []);
  if (unordered.length + ignored.length + masks.length === 0) return undefined;
  return {
    ...(unordered.length > 0 && { unordered: unique(unordered) }),
    ...(ignored.length > 0 && { ignore: unique(ignored).map((path) => ({ path, reason })) }),
    ...(masks.length > 0 && { masks }),
  };
}
