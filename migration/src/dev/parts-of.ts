import { join } from 'node:path';
import { type Environment, type MigrationDefinition, replicates } from '@strangler-toolkit/plan';
import type { PartPlan } from './part.ts';

export interface DevPlace {
  readonly env: Environment;
  readonly contextsDir: string;
  readonly controlUrl: string;
  readonly monolithUrl: string;
  /** Of facades, gone with them. */
  readonly stateDir: string;
  readonly facadeFile: string;
  readonly stranglerFile: string;
}

export interface DevOptions {
  readonly facades: number;
  /** For clients of the first facade; each further one ten higher, operators one above. 0: any free ones. */
  readonly port: number;
  readonly withoutFlags: boolean;
}

/** The processes of a laptop's system: facades for all contexts, a worker for each of these that has data of its own. */
export function partsOf(
  definitions: readonly MigrationDefinition[],
  place: DevPlace,
  { facades, port, withoutFlags }: DevOptions,
): PartPlan[] {
  const shared = {
    ...place.env,
    STRANGLER_CONTEXTS: place.contextsDir,
    STRANGLER_CONTROL_URL: place.controlUrl,
    // on loopback and asked by this command: for ports that others reach
    FACADE_ADMIN_TOKEN: '',
    STRANGLER_WORKER_TOKEN: '',
  };
  const portOf = (index: number, above: number): string =>
    String(port === 0 ? 0 : port + 10 * index + above);
  return [
    ...Array.from({ length: facades }, (_none, index) => ({
      name: `facade-${index + 1}`,
      file: place.facadeFile,
      args: withoutFlags ? ['--without-flags'] : [],
      env: {
        ...shared,
        MONOLITH_URL: place.monolithUrl,
        FACADE_NAME: `dev-facade-${index + 1}`,
        FACADE_HOST: '127.0.0.1',
        FACADE_PORT: portOf(index, 0),
        FACADE_ADMIN_HOST: '127.0.0.1',
        FACADE_ADMIN_PORT: portOf(index, 1),
        FACADE_STATE_DIR: join(place.stateDir, `facade-${index + 1}`),
      },
    })),
    ...definitions
      .filter(({ data }) => replicates(data))
      .map(({ context }) => ({
        name: `worker ${context}`,
        file: place.stranglerFile,
        args: ['replicate', context],
        env: {
          ...shared,
          STRANGLER_LOG: 'json',
          STRANGLER_LOG_LEVEL: 'info',
          STRANGLER_WORKER_HOST: '127.0.0.1',
          STRANGLER_WORKER_PORT: '0',
        },
      })),
  ];
}
