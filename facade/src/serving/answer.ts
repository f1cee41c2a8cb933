import { withoutUpstreamsCors } from '../edge/cors.ts';
import { otherAnswer } from '../edge/other-answer.ts';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import { sendProblem } from '../proxy/problem.ts';
import { type Onlooker, relay } from '../proxy/relay.ts';
import { isUnasked, type UpstreamFailure } from '../resilience/breaker.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { shownPath } from './shown-path.ts';

export interface AnswerOptions {
  /** Milliseconds since the request's arrival in which the whole answer must be there. */
  readonly totalMs?: number;
  readonly onlooker?: Onlooker | undefined;
  /** The owner is dead, and the other side answers for it, so far behind at most. */
  readonly standIn?: { readonly behindMs: number } | undefined;
  /** Whether it was kept of another request's; undefined: nothing is kept of its route. */
  readonly cache?: 'HIT' | 'MISS' | undefined;
}

/** The upstream's answer goes to the client as it comes. */
export function giveAnswer(
  { limits, debugHeaders, deadlines }: Serving,
  { arrival, response, told, cors }: Passage,
  answer: UpstreamAnswer,
  { totalMs, onlooker, standIn, cache }: AnswerOptions = {},
): void {
  const leftMs =
    totalMs === undefined ? undefined : totalMs - (performance.now() - arrival.started);
  const { requestId } = arrival.trace;
  // who wants one side wants to know which it was
  const extra =
    debugHeaders || arrival.tester
      ? ['x-request-id', requestId, 'x-strangler-served-by', told.side]
      : ['x-request-id', requestId];
  // said to everybody: who reads it may be shown what was true a moment ago
  if (standIn)
    extra.push('x-strangler-stand-in', `${told.side}; behind-ms=${Math.ceil(standIn.behindMs)}`);
  // no cache in front may keep for others what only a tester gets
  if (told.reason === 'tester') extra.push('cache-control', 'private, no-store');
  if (cache && debugHeaders) extra.push('x-cache', cache);
  const silenceMs = arrival.claim ? limits.silenceMs : limits.wireSilenceMs;
  relay({
    answer: cors ? otherAnswer(answer, withoutUpstreamsCors(answer.rawHeaders, cors)) : answer,
    response,
    deadlines,
    extra,
    totalMs: leftMs,
    silenceMs,
    onlooker,
  });
}

interface Told {
  readonly status: number;
  readonly code: string;
  /** After the name of who failed. */
  readonly what: string;
  readonly retryAfterSeconds?: number;
}
const busy: Told = {
  status: 503,
  code: 'UPSTREAM_BUSY',
  what: 'has as many requests as it is given at a time. Try again',
  retryAfterSeconds: 1,
};
const failures: Readonly<Record<UpstreamFailure['kind'], Told>> = {
  timeout: { status: 504, code: 'UPSTREAM_TIMEOUT', what: 'did not answer in time' },
  unreachable: { status: 502, code: 'UPSTREAM_UNREACHABLE', what: 'could not be reached' },
  unreadable: { status: 502, code: 'UPSTREAM_UNREADABLE', what: 'answered, but not in HTTP' },
  unrewritable: {
    status: 502,
    code: 'ANSWER_NOT_REWRITABLE',
    what: 'answered with a body whose fields cannot be renamed',
  },
  refusing: { status: 502, code: 'UPSTREAM_REFUSING', what: 'refused to serve' },
  'queue-full': busy,
  'queue-timeout': busy,
  'identity-unknown': {
    status: 503,
    code: 'IDENTITY_UNKNOWN',
    what: 'was not asked: the monolith does not say whose session it is. Try again',
    retryAfterSeconds: 1,
  },
};

/** 504 for an upstream that was too slow, 502 for one that was not there or made no sense; which one it was stands in the answer. */
export function giveFailure(
  { log, metrics }: Pick<Serving, 'log' | 'metrics'>,
  { arrival, response, told }: Passage,
  failure: UpstreamFailure,
): void {
  const { requestId } = arrival.trace;
  if (failure.kind === 'unreadable')
    log.warn(
      { requestId, path: shownPath(arrival), problem: failure.message },
      'answer unreadable',
    );
  const context = arrival.claim?.route.context;
  const who = context === undefined ? 'The monolith' : `The ${told.side} of ${context}`;
  const { status, code, what, retryAfterSeconds } = failures[failure.kind];
  if (isUnasked(failure)) metrics.rejected.inc({ code });
  sendProblem(response, {
    status,
    code,
    requestId,
    detail: `${who} ${what}.`,
    upstream: told.side,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(context === undefined ? {} : { context }),
  });
}
