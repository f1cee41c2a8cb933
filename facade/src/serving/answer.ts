import type { IncomingMessage } from 'node:http';
import type { UpstreamFailure } from '../resilience/breaker.ts';
import { sendProblem } from '../proxy/problem.ts';
import { relay } from '../proxy/relay.ts';
import type { Passage, Serving } from './serve.ts';

/** The upstream's answer goes to the client as it comes. */
export function giveAnswer(
  serving: Serving,
  passage: Passage,
  answer: IncomingMessage,
  options: { totalMs?: number; onChunk?: (chunk: Buffer) => void } = {},
): void {
  const { response, requestId, told, started } = passage;
  relay({
    answer,
    response,
    silenceMs: serving.limits.silenceMs,
    onChunk: options.onChunk,
    totalMs:
      options.totalMs === undefined ? undefined : options.totalMs - (performance.now() - started),
    extra: {
      'x-request-id': requestId,
      ...(serving.debugHeaders ? { 'x-strangler-served-by': told.side } : {}),
    },
  });
}

/** 504 for an upstream that was too slow, 502 for one that was not there. */
export function giveFailure(passage: Passage, failure: UpstreamFailure): void {
  const slow = failure.kind === 'timeout';
  sendProblem(passage.response, {
    status: slow ? 504 : 502,
    code: slow ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNREACHABLE',
    requestId: passage.requestId,
    detail: slow ? 'The upstream did not answer in time.' : 'The upstream could not be reached.',
  });
}
