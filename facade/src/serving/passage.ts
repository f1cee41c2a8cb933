import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Side } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';

/** One admitted request on its way to an answer. */
export interface Passage {
  readonly arrival: Arrival;
  readonly response: ServerResponse;
  /** What an upstream gets. */
  readonly headers: IncomingHttpHeaders;
  /** The body streams: it can be sent once only. */
  readonly withBody: boolean;
  /** A small body of a read, kept so that it can be sent again. */
  readonly body?: Buffer;
  /** Aborted when the client goes away. */
  readonly gone: AbortSignal;
  /** For the log line and the metrics. */
  readonly told: { side: Side; reason: string; epoch: string };
}

/** The client waits for this before it sends its body; it gets it when the body has somewhere to go. */
export function welcomeBody({ arrival, response }: Passage): void {
  if (arrival.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
}

/** Who asks, as far as the context can tell. */
export const identityOf = ({ claim, headers, search }: Arrival): string | undefined =>
  claim?.plan.identity({ headers, search });
