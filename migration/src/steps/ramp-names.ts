import { createHash } from 'node:crypto';
import { identityReader, type MigrationDefinition, StranglerError } from '@strangler-toolkit/plan';

/** Of names, and of what a flag provider takes in one rule (Unleash's own limit). */
const mostNames = 100;
const mostHashes = 250;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Whom the names mean, as facades know them: hashes, one for each source of the context that requests show. The names themselves
 * are never kept.
 * @throws StranglerError USAGE
 */
export function identitiesOf(
  { context, identity }: Pick<MigrationDefinition, 'context' | 'identity'>,
  names: readonly string[] = [],
): readonly string[] {
  const distinct = [...new Set(names)];
  const reader = identityReader(identity, sha256);
  const hashes = distinct.flatMap((name) => reader.named(name));
  if (distinct.length > 0 && hashes.length === 0)
    throw new StranglerError(
      'USAGE',
      `${context} has no identity that requests show: nobody can be named`,
      {
        remedy: `Name a source in identity of contexts/${context}, e.g. 'cookie:sid'; or ramp by percentages.`,
      },
    );
  const most = Math.min(mostNames, Math.floor((mostHashes * distinct.length) / hashes.length));
  if (distinct.length <= most || distinct.length === 0) return hashes;
  throw new StranglerError(
    'USAGE',
    `${distinct.length} identities are named; ${most} can be, with the sources of ${context}`,
    { remedy: `Name fewer, or ramp by percentages: strangler ramp ${context}` },
  );
}

/** Tells one set of names from another in the journal. */
export const markOf = (hashes: readonly string[]): string | undefined =>
  hashes.length === 0 ? undefined : sha256(hashes.toSorted().join('\n')).slice(0, 16);
