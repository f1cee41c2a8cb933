import { directionFrom, type MigrationDefinition, replicates } from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import type { Identity } from '../identity/identity.ts';
import { voidSince } from '../identity/void-since.ts';
import { readRoutes } from '../flags/index.ts';
import { askBuilds, type Builds, otherBuild } from './builds.ts';
import { presentIdentity } from './present-identity.ts';
import type { Toolkit } from './toolkit.ts';

/** What compared reads are about: builds, tables, mapping, and how answers are compared. */
interface ShadowBasis {
  readonly builds: Builds;
  /** Of data that replicates; null: both sides read the same, or none. */
  readonly identity: Identity | null;
  readonly routes: string;
}

export async function presentShadowBasis(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<ShadowBasis> {
  return {
    builds: await askBuilds(kit, definition),
    identity: replicates(definition.data)
      ? await presentIdentity(kit, definition, directionFrom(row.owner))
      : null,
    routes: judgedRoutes(definition),
  };
}

/** Read routes and how their answers are judged, as one text. What samples may hold judges nothing. */
export const judgedRoutes = (definition: MigrationDefinition): string =>
  JSON.stringify(
    readRoutes(definition).map(({ name, method, path, compare }) => {
      if (!compare) return [name, method, path, compare];
      const { show: _shown, redact: _redacted, ...judged } = compare;
      return [name, method, path, judged];
    }),
  );

const isBasis = (value: unknown): value is ShadowBasis =>
  typeof value === 'object' && value !== null && 'builds' in value && 'routes' in value;

/** Why what was compared says nothing about what runs now. Files that are stored anew and partitions change no answer. */
export function shadowVoidSince(basis: unknown, now: ShadowBasis): string | undefined {
  if (!isBasis(basis))
    return 'it does not say what it was about (a release before this one counted it)';
  if (basis.routes !== now.routes) return 'read routes, or how their answers are compared, changed';
  return (
    otherBuild(basis.builds, now.builds) ??
    (now.identity === null
      ? undefined
      : voidSince(basis.identity, now.identity, ['table', 'column', 'mapping']))
  );
}
