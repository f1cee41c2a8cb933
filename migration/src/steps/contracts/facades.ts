import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compileRoutes,
  type Environment,
  findRoute,
  flagName,
  type MigrationDefinition,
  type RouteDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import { closeAll } from './close-all.ts';
import type { ProviderAddress } from './verifier.ts';

/** Where each kind of route goes: what flags make of a context on its way, reads first. */
const positions: Readonly<Record<string, (route: RouteDefinition) => Side>> = {
  'facade-monolith': () => 'monolith',
  'facade-service': () => 'service',
  'facade-mixed': ({ kind }) => (kind === 'read' ? 'service' : 'monolith'),
};
export const facadeNames = Object.keys(positions);

/** Written down here, because the package is optional: what the CLI needs of @strangler-toolkit/facade. */
type CreateFacade = (options: {
  readonly contexts: readonly MigrationDefinition[];
  readonly monolithUrl: string;
  readonly env: Environment;
  readonly fixedFlags: Readonly<Record<string, boolean>>;
  readonly stateDir: string;
  readonly name: string;
}) => {
  start(): Promise<{ readonly port: number }>;
  stop(): Promise<void>;
};

export interface Facades {
  readonly sides: Readonly<Record<string, ProviderAddress>>;
  stop(): Promise<void>;
}

/**
 * A facade in each routing position before the two sides whose pacts are verified, as further providers: what a consumer will
 * really talk to. The context's data counts as shared there, because flags choose the position, and no owner exists.
 */
export async function startFacades(
  definition: MigrationDefinition,
  sides: Readonly<Record<Side, ProviderAddress>>,
  { env, names }: { readonly env: Environment; readonly names: readonly string[] },
): Promise<Facades> {
  const createFacade = await loadFacade();
  const stateDir = await mkdtemp(join(tmpdir(), 'pact-facades-'));
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await closeAll([
      ...running.map((facade) => () => facade.stop()),
      () => rm(stateDir, { recursive: true, force: true }),
    ]);
  };
  const addresses: Record<string, ProviderAddress> = {};
  const table = compileRoutes([definition]);
  try {
    for (const [name, sideOf] of Object.entries(positions)) {
      if (!names.includes(name)) continue;
      const facade = createFacade({
        contexts: [asShared(definition, sides)],
        monolithUrl: sides.monolith.url,
        env,
        fixedFlags: Object.fromEntries(
          definition.routes.map((route) => [
            flagName(definition.context, route.name),
            sideOf(route) === 'service',
          ]),
        ),
        stateDir,
        name,
      });
      running.push(facade);
      const { port } = await facade.start();
      addresses[name] = {
        url: `http://127.0.0.1:${port}`,
        states: (request) => {
          const { method, path, search = '', headers = {} } = request;
          const found = findRoute(table, {
            method,
            rawPath: path,
            search,
            host: headers.host,
            lines: { headers },
          });
          const side = found.kind === 'claimed' ? sideOf(found.claim.definition) : 'monolith';
          const { states } = sides[side];
          return typeof states === 'function' ? states(request) : states;
        },
      };
    }
    return { sides: addresses, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Without its databases: only where requests go matters here. */
const asShared = (
  { context, routes, identity }: MigrationDefinition,
  { monolith, service }: Readonly<Record<Side, ProviderAddress>>,
): MigrationDefinition => ({
  context,
  data: 'shared',
  monolith: { url: monolith.url },
  service: { url: service.url },
  routes,
  ...(identity && { identity }),
});

/** @throws StranglerError CONTRACTS_NOT_INSTALLED */
async function loadFacade(): Promise<CreateFacade> {
  const name = '@strangler-toolkit/facade';
  const loaded: unknown = await import(name).catch((cause: unknown) => {
    throw new StranglerError('CONTRACTS_NOT_INSTALLED', `${name} cannot be loaded`, {
      cause,
      remedy: `npm install --save-dev ${name}, or leave --facade away.`,
    });
  });
  // The package's own types are held to these by this step's test.
  return (loaded as { readonly createFacade: CreateFacade }).createFacade;
}
