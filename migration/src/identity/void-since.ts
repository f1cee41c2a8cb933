import type { Identity } from './identity.ts';
import { changesText, type Kind, whatChanged } from './what-changed.ts';

const isIdentity = (value: unknown): value is Identity =>
  typeof value === 'object' &&
  value !== null &&
  'direction' in value &&
  ['monolith', 'service', 'mapping'].every(
    (name) => name in value && Array.isArray(Reflect.get(value, name)),
  );

/**
 * Why evidence is no proof any more: what it was about is something else now. Undefined: it still is that.
 * `kinds`: those that matter to it (default: all).
 */
export function voidSince(
  basis: unknown,
  now: Identity,
  kinds?: readonly Kind[],
): string | undefined {
  if (!isIdentity(basis))
    return 'it does not say what it was about (a release before this one recorded it)';
  const changes = whatChanged(basis, now).filter(({ kind }) => kinds?.includes(kind) ?? true);
  if (changes.length > 0) return changesText(changes);
  // Whatever was found out while everybody could write.
  const open = basis.fence?.open ?? [];
  return open.length === 0 || kinds !== undefined
    ? undefined
    : `nothing fenced ${open.join(', ')} then, and anybody could write there`;
}
