import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '../resilience/balancer.ts';
import type { UpstreamFailure } from '../resilience/breaker.ts';
import type { Traced } from '../telemetry/spans/traced.ts';
import type { UpstreamAnswer } from './answer.ts';

export interface AttemptRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: string;
  /** What stands in the request line, after the path of the upstream's own address. */
  readonly target: string;
  /** Names and values in turn, as they are sent; framing and connection are the forwarder's own. */
  readonly headers: readonly string[];
  /** The body can be sent once only; without one the attempt can be repeated. */
  readonly withBody: boolean;
  /** A body that was read already and can be sent again. */
  readonly body?: Buffer | undefined;
  /** Milliseconds until an answer must have begun, counted from the end of the upload. */
  readonly patienceMs: number;
  /** On a connection that nothing was sent on before. */
  readonly fresh?: boolean;
  /** Among those that the upstream is asked at a time. */
  place?: Place | undefined;
  /** The instance of the upstream that is asked; undefined: the upstream's address is. */
  dial?: Endpoint | undefined;
  /** A write, whatever its method: it is never sent twice. */
  readonly once?: boolean;
  /** Undefined: no collector is told of it. */
  readonly traced?: Traced | undefined;
}

/** Told once, when the upstream has nothing more to do with the request: its answer is whole, or nobody wants it. */
export interface Place {
  leave(): void;
}
export type Attempt =
  | { readonly kind: 'answer'; readonly answer: UpstreamAnswer }
  /** `stale`: the connection was an old one that the upstream was just closing; nothing was processed. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly stale: boolean }
  | { readonly kind: 'client-gone' };

export type Settle = (attempt: Attempt) => void;

/** The seam behind which a request travels to an upstream. */
export interface Forwarder {
  /** One try to get an answer from one upstream; of the answer nothing is written to the client. It is settled once. */
  send(request: AttemptRequest, settle: Settle): void;
}
