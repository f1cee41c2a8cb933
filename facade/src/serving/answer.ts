import type { IncomingMessage } from 'node:http';
import { sendProblem } from '../proxy/problem.ts';
import { relay } from '../proxy/relay.ts';
import type { UpstreamFailure } from '../resilience/breaker.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';

export interface AnswerOptions {
  /** Milliseconds since the request's arrival in which the whole answer must be there. */
  readonly totalMs?: number;
  readonly onChunk?: (chunk: Buffer) => void;
}

/** The upstream's answer goes to the client as it comes. */
export function giveAnswer(
  { limits, debugHeaders }: Serving,
  { arrival, response, told }: Passage,
  answer: IncomingMessage,
  { totalMs, onChunk }: AnswerOptions = {},
): void {
  const leftMs =
    totalMs === undefined ? undefined : totalMs - (performance.now() - arrival.started);
  relay({
    answer,
    response,
    silenceMs: limits.silenceMs,
    totalMs: leftMs,
    ...(onChunk && { onChunk }),
    extra: {
      'x-request-id': arrival.trace.requestId,
      ...(debugHeaders ? { 'x-strangler-served-by': told.side } : {}),
    },
  });
}

/** 504 for an upstream that was too slow, 502 for one that was not there. */
export function giveFailure({ arrival, response }: Passage, failure: UpstreamFailure): void {
  const { requestId } = arrival.trace;
  const slow = failure.kind === 'timeout';
  sendProblem(response, {
    status: slow ? 504 : 502,
    code: slow ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNREACHABLE',
    requestId,
    detail: slow ? 'The upstream did not answer in time.' : 'The upstream could not be reached.',
  });
}
