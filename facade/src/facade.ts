import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { FacadeOptions } from './config/options.ts';
import { assemble } from './lifecycle/assemble.ts';
import { drain } from './lifecycle/drain.ts';
import { reload } from './lifecycle/reload.ts';
import { start } from './lifecycle/start.ts';

export interface Facade {
  /** @throws StranglerError PORT_IN_USE */
  start(): Promise<{ readonly port: number; readonly adminPort: number }>;
  /**
   * Serves new requests by other context files, without dropping a connection; what is under way ends by those before.
   * @throws StranglerError CONFIG_INVALID, CONFIG_ENV_MISSING and what `load` throws; then nothing has changed
   */
  reload(load: () => Promise<Iterable<MigrationDefinition>>): Promise<void>;
  /** Readiness fails, no new connections, what is under way may finish until the deadline. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/**
 * A facade in this process.
 * @throws StranglerError CONFIG_INVALID for conflicting routes, CONFIG_ENV_MISSING for an address that is not set
 *
 * @example
 * ```ts
 * import { createFacade } from '@strangler-toolkit/facade';
 * import { defineMigration } from '@strangler-toolkit/plan';
 *
 * const greetings = defineMigration({
 *   context: 'greetings',
 *   data: 'none',
 *   monolith: { url: 'http://127.0.0.1:3000' },
 *   service: { url: 'http://127.0.0.1:4000' },
 *   routes: [{ name: 'hello', method: 'GET', path: '/hello', kind: 'read' }],
 * });
 * const facade = createFacade({
 *   contexts: [greetings],
 *   monolithUrl: 'http://127.0.0.1:3000',
 *   stateDir: '.facade',
 *   name: 'facade-1',
 * });
 * const { port } = await facade.start();
 * ```
 */
export function createFacade(options: FacadeOptions): Facade {
  const parts = assemble(options);
  let reloading: Promise<void> = Promise.resolve();
  return {
    start: () => start(parts, options),
    // one after the other: the newest files are the last that are read
    reload(load) {
      const next = reloading.then(() => reload(parts, options, load));
      reloading = next.catch(() => {});
      return next;
    },
    stop: ({ deadlineMs = parts.serving.limits.drainMs } = {}) => drain(parts, deadlineMs),
  };
}
