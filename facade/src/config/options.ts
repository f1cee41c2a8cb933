import { type MigrationDefinition, StranglerError } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { EdgeSettings } from '../edge/edge-schema.ts';
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
  /** Flags that stand still, by name, instead of Unleash's: for a facade whose routing is examined, contracts for instance. */
  readonly fixedFlags?: Readonly<Record<string, boolean>>;
  /** Those that share its port, itself among them; told to the control database. Default: 1. */
  readonly processes?: number;
  readonly stateDir: string;
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  /** Where the operators' port listens; default: loopback, wherever clients are served. */
  readonly adminHost?: string;
  readonly adminPort?: number;
  /** Asked as a bearer token for all that the operators' port tells, but for whether it is live and ready. */
  readonly adminToken?: string;
  readonly log?: Logger;
  readonly debugHeaders?: boolean;
  /** Takes from the monolith what old servers send: bare LF, spaces in names, one length said twice. */
  readonly lenientMonolith?: boolean;
  /** Duties of an edge, each off until it is said here. */
  readonly edge?: EdgeSettings;
  /** Tells spans of requests and shadows to a collector that takes OTLP over HTTP; `ratio` (0 to 1, default 1) of what begins here. */
  readonly traces?: { readonly url: string; readonly ratio?: number };
  /** What sends requests on; default: undici. */
  readonly forwarder?: 'undici' | 'middleware';
  /** Addresses of DNS servers that are asked for names of upstreams before the system is. */
  readonly dnsServers?: readonly string[];
  /** Addresses or CIDR blocks of proxies in front of the facade. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<FacadeLimits>;
}

const listed = (commaSeparated: string): string[] =>
  commaSeparated
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** Somebody who names Unleash wants its flags: a facade that silently knows none would look like one whose flags are off. */
function tokenOf({ UNLEASH_CLIENT_TOKEN: token }: Environment): string {
  if (token) return token;
  throw new StranglerError(
    'CONFIG_ENV_MISSING',
    'UNLEASH_CLIENT_TOKEN is not set, but UNLEASH_URL is: no flag could be read',
    { remedy: 'Set it to a client token of Unleash, or start with --without-flags.' },
  );
}

/**
 * What the environment says about a facade, as options of one.
 * @throws StranglerError CONFIG_ENV_MISSING
 */
export const optionsOf = (
  environment: Environment,
  { withoutFlags = false }: { readonly withoutFlags?: boolean } = {},
): Omit<FacadeOptions, 'contexts'> => ({
  monolithUrl: environment.MONOLITH_URL,
  stateDir: environment.FACADE_STATE_DIR,
  name: environment.FACADE_NAME,
  processes: environment.FACADE_PROCESSES,
  host: environment.FACADE_HOST,
  port: environment.FACADE_PORT,
  adminHost: environment.FACADE_ADMIN_HOST,
  adminPort: environment.FACADE_ADMIN_PORT,
  ...(environment.FACADE_ADMIN_TOKEN && { adminToken: environment.FACADE_ADMIN_TOKEN }),
  ...(environment.STRANGLER_CONTROL_URL && { controlUrl: environment.STRANGLER_CONTROL_URL }),
  ...(environment.UNLEASH_URL &&
    !withoutFlags && {
      unleash: {
        url: environment.UNLEASH_URL,
        token: tokenOf(environment),
        environment: environment.UNLEASH_ENVIRONMENT,
        refreshMs: environment.UNLEASH_REFRESH_MS,
      },
    }),
  forwarder: environment.FACADE_FORWARDER,
  ...(environment.OTEL_EXPORTER_OTLP_ENDPOINT && {
    traces: {
      url: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
      ratio: environment.OTEL_TRACES_SAMPLER_ARG,
    },
  }),
  lenientMonolith: environment.FACADE_MONOLITH_LENIENT === '1',
  debugHeaders: environment.FACADE_DEBUG_HEADERS === '1',
  dnsServers: listed(environment.FACADE_DNS_SERVERS),
  trustedProxies: listed(environment.FACADE_TRUSTED_PROXIES),
  limits: limitsOf(environment),
});
