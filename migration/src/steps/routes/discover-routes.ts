import { isReadingMethod, type MigrationDefinition } from '@strangler-toolkit/plan';
import type { UnclaimedRequests } from '../../control/index.ts';
import type { Toolkit } from '../toolkit.ts';

/** A method and path that clients ask for and no context claims. */
export interface DiscoveredRoute extends UnclaimedRequests {
  /** By its method: what could change something is a write. */
  readonly kind: 'read' | 'write';
  /** Contexts that claim something at the same place of the tree of paths. */
  readonly near: readonly string[];
}

export const kindOf = (method: string): 'read' | 'write' =>
  isReadingMethod(method) ? 'read' : 'write';

/** The fixed words with which a route's path begins. */
function stem(path: string): string {
  const words: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (/^[:*]/.test(segment)) break;
    words.push(`/${segment}`);
  }
  return words.join('');
}

/** Contexts of whose routes one begins with the same fixed words as the path. */
export const nearContexts = (
  definitions: readonly Pick<MigrationDefinition, 'context' | 'routes'>[],
  path: string,
): string[] =>
  definitions
    .filter(({ routes }) =>
      routes.some((route) => {
        const begin = stem(route.path);
        return begin !== '' && (path === begin || path.startsWith(`${begin}/`));
      }),
    )
    .map(({ context }) => context);

/** What facades saw of the last week that no context claims: writes first, then the most asked. */
export async function discoverRoutes(kit: Toolkit): Promise<DiscoveredRoute[]> {
  const definitions = [...(await kit.contexts()).values()].map(({ definition }) => definition);
  const unclaimed = await (await kit.control()).unclaimed.list();
  const found = unclaimed.map((each) => ({
    ...each,
    kind: kindOf(each.method),
    near: nearContexts(definitions, each.path),
  }));
  return [
    ...found.filter(({ kind }) => kind === 'write'),
    ...found.filter(({ kind }) => kind === 'read'),
  ];
}
