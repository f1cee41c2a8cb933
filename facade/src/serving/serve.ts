import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Side } from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { FacadeLimits } from '../config/options.ts';
import type { Flags } from '../flags/flags.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { IdentityReader } from '../routing/identity.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { Mirror } from '../shadow/mirror.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Attempts } from '../proxy/attempt.ts';
import type { Peer } from '../proxy/headers.ts';

/** One context, ready to serve. */
export interface ContextPlan {
  readonly name: string;
  readonly urls: Readonly<Record<Side, string>>;
  readonly breakers: Readonly<Record<Side, Breaker>>;
  readonly identity: IdentityReader;
  readonly replicated: boolean;
}

/** What every request needs; made once. */
export interface Serving {
  readonly table: RouteTable;
  readonly contexts: ReadonlyMap<string, ContextPlan>;
  readonly monolithUrl: string;
  readonly flags: Flags;
  readonly ownership: Ownership;
  readonly attempts: Attempts;
  readonly mirror: Mirror;
  readonly metrics: Metrics;
  readonly limits: FacadeLimits;
  readonly log: Logger;
  readonly debugHeaders: boolean;
  readonly trusted: (address: string) => boolean;
  readonly noteTry: (
    context: string,
    route: string,
    side: Side,
    milliseconds: number,
    error: boolean,
  ) => void;
}

/** One request on its way, after its target was made canonical. */
export interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly original: IncomingHttpHeaders;
  readonly peer: Peer;
  readonly requestId: string;
  /** The body streams: it can be sent once only. */
  readonly withBody: boolean;
  /** A small body of a read, kept so that it can be sent again. */
  readonly body?: Buffer;
  readonly started: number;
  /** Aborted when the client goes away. */
  readonly gone: AbortSignal;
  /** For the log line and the metrics. */
  readonly told: {
    context: string;
    route: string;
    side: Side;
    reason: string;
    epoch: string;
    traceId: string;
  };
}
