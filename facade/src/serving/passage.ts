import type { ServerResponse } from 'node:http';
import type { Side } from '@strangler-toolkit/plan';
import type { CorsRule } from '../edge/cors.ts';
import type { LetIn } from '../edge/door.ts';
import type { Arrival } from '../admission/arrival.ts';

/** One admitted request on its way to an answer. */
export interface Passage {
  readonly arrival: Arrival;
  readonly response: ServerResponse;
  /** What an upstream gets: names and values in turn. */
  readonly headers: readonly string[];
  /** The body streams: it can be sent once only. */
  readonly withBody: boolean;
  /** A small body that was read: of a read, so that it can be sent again, or to see what GraphQL asks for. */
  readonly body?: Buffer;
  /** The client was told to send its body already. */
  readonly welcomed?: boolean;
  /** For the log line and the metrics. */
  readonly told: {
    side: Side;
    reason: string;
    epoch: string;
    /** No upstream was asked. */
    unasked?: true;
    /** One was asked last that gave no answer: nobody knows what it does. */
    unanswered?: boolean;
  };
  /** Whose pages may read its answer; undefined: its upstream says so. */
  readonly cors?: CorsRule | undefined;
  /** What was found out about who asks, where a duty of the edge wants to know. */
  readonly letIn?: LetIn;
}

/** The client waits for this before it sends its body; it gets it when the body has somewhere to go. */
export function welcomeBody({ arrival, response, welcomed }: Passage): void {
  if (welcomed === true) return;
  const { httpVersionMinor } = arrival.request;
  if (httpVersionMinor > 0 && arrival.headers.expect?.toLowerCase() === '100-continue')
    response.writeContinue();
}
