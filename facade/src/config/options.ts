import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';

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
  /** Addresses or CIDR blocks of proxies in front of the facade. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<FacadeLimits>;
}

export interface FacadeLimits {
  /** Until an answer must have begun, where the route says nothing. */
  readonly timeoutMs: number;
  /** Until a client must have sent its request's headers. */
  readonly headersMs: number;
  /** Longest silence of an upstream in the middle of an answer. */
  readonly silenceMs: number;
  readonly holdMaxWaiting: number;
  readonly holdMaxMs: number;
  /** A read waits no longer for the control database before the owner serves it. */
  readonly freshnessMs: number;
  /** An answer to a write waits no longer for its pin. */
  readonly pinMs: number;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly flushMs: number;
  readonly startMs: number;
  readonly drainMs: number;
  readonly shadowTimeoutMs: number;
  readonly shadowCatchUpMs: number;
  readonly shadowConcurrency: number;
  readonly shadowMaxJobs: number;
  readonly shadowMaxBytes: number;
  readonly shadowMaxBodyBytes: number;
}

export const defaultLimits: FacadeLimits = {
  timeoutMs: 30_000,
  headersMs: 60_000,
  silenceMs: 120_000,
  holdMaxWaiting: 1_000,
  holdMaxMs: 20_000,
  freshnessMs: 100,
  pinMs: 500,
  pollMs: 500,
  heartbeatMs: 2_000,
  flushMs: 1_000,
  startMs: 3_000,
  drainMs: 15_000,
  shadowTimeoutMs: 5_000,
  shadowCatchUpMs: 3_000,
  shadowConcurrency: 4,
  shadowMaxJobs: 200,
  shadowMaxBytes: 32 * 1024 * 1024,
  shadowMaxBodyBytes: 1024 * 1024,
};
