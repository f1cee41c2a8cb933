import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TesterToken } from '@strangler-toolkit/plan/load';
import type { Peer } from '../proxy/headers.ts';
import type { Problem } from '../proxy/problem.ts';
import type { Claim } from '../serving/claim.ts';
import type { Trace } from '../telemetry/trace.ts';

/** A request or an upgrade that was let in. */
export interface Arrival {
  readonly admitted: true;
  readonly request: IncomingMessage;
  readonly method: string;
  /** Canonical: for matching, metrics and log lines. `*` of `OPTIONS *`. */
  readonly path: string;
  /** With its question mark. */
  readonly search: string;
  /** What the upstream is asked: canonical where a context claims it, byte for byte as it came where none does. */
  target: string;
  /** The client's own headers; a forwarder may change those of the request. */
  readonly headers: IncomingHttpHeaders;
  /** The host that is asked. */
  readonly host: string;
  readonly peer: Peer;
  readonly trace: Trace;
  /** Undefined: no context claims it, the monolith serves it. At a path with GraphQL routes its operations say so later. */
  claim: Claim | undefined;
  /** Of GraphQL, once its operations are known. */
  asks?: {
    /** It may be a write. */
    readonly changes: boolean;
    /** Contexts claim none of it. */
    readonly unclaimed: boolean;
  };
  /** Somebody may say which side answers the own reads; undefined: nobody who may. */
  tester?: TesterToken | undefined;
  /** On this process's monotonic clock, milliseconds. */
  readonly started: number;
}

/** One that no upstream sees. */
export interface Refused {
  readonly admitted: false;
  readonly problem: Problem;
}
