import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { Environment } from './environment.ts';
import { type FacadeLimits, limitsOf } from './limits.ts';

export interface FacadeOptions {
  readonly contexts: Iterable<MigrationDefinition>;
  /** Where everything goes that no context claims. */
  readonly monolithUrl: string;
  /** Looks up `env('NAME')` of context files; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without it nothing can be replicated or held: contexts with data `none` and `shared` only. */
  readonly controlUrl?: string;
  readonly unleash?: {
    readonly url: string;
    readonly token: string;
    readonly environment?: string;
    readonly refreshMs?: number;
  };
  readonly stateDir: string;
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly log?: Logger;
  readonly debugHeaders?: boolean;
  /** What sends requests on; default: undici. */
  readonly forwarder?: 'undici' | 'middleware';
  /** Addresses or CIDR blocks of proxies in front of the facade. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<FacadeLimits>;
}

const listed = (commaSeparated: string): string[] =>
  commaSeparated
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** What the environment says about a facade, as options of one. */
export const optionsOf = (environment: Environment): Omit<FacadeOptions, 'contexts'> => ({
  monolithUrl: environment.MONOLITH_URL,
  stateDir: environment.FACADE_STATE_DIR,
  name: environment.FACADE_NAME,
  host: environment.FACADE_HOST,
  port: environment.FACADE_PORT,
  adminPort: environment.FACADE_ADMIN_PORT,
  ...(environment.STRANGLER_CONTROL_URL && { controlUrl: environment.STRANGLER_CONTROL_URL }),
  ...(environment.UNLEASH_URL &&
    environment.UNLEASH_CLIENT_TOKEN && {
      unleash: {
        url: environment.UNLEASH_URL,
        token: environment.UNLEASH_CLIENT_TOKEN,
        environment: environment.UNLEASH_ENVIRONMENT,
        refreshMs: environment.UNLEASH_REFRESH_MS,
      },
    }),
  forwarder: environment.FACADE_FORWARDER,
  debugHeaders: environment.FACADE_DEBUG_HEADERS === '1',
  trustedProxies: listed(environment.FACADE_TRUSTED_PROXIES),
  limits: limitsOf(environment),
});
