import type { Span } from '@opentelemetry/api';
import type { Side } from '@strangler-toolkit/plan';
import { type Ask, tryRewritten } from '../edge/try-rewritten.ts';
import type { Attempt, AttemptRequest, Settle } from '../proxy/forwarder.ts';
import type { Traced } from '../telemetry/spans/traced.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { shownPath } from './shown-path.ts';

const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Upstream {
  readonly upstream: string;
  readonly side: Side;
  /** Milliseconds until an answer must have begun. */
  readonly patienceMs: number;
  /** A write is never repeated, whatever its method. */
  readonly once?: boolean;
  /** Is told the outcome before whoever waits for it. */
  readonly note?: (attempt: Attempt) => void;
}

/** One upstream's answer, as clients see it. */
export function tryUpstream(
  serving: Serving,
  passage: Passage,
  wanted: Upstream,
): Promise<Attempt> {
  const { claim } = passage.arrival;
  const duties = claim ? claim.duties : serving.unclaimedDuties;
  const rewrite = duties?.rewrites?.[wanted.side];
  if (!rewrite) return askUpstream(serving, passage, wanted);
  const { note, ...silent } = wanted;
  const ask: Ask = (rewritten, patienceMs) =>
    askUpstream(serving, rewritten, { ...silent, patienceMs });
  return tryRewritten(serving, passage, { rewrite, patienceMs: wanted.patienceMs, ask }).then(
    (attempt) => {
      note?.(attempt);
      return attempt;
    },
  );
}

/** What each try tells of the request that it is for. */
const tracedOf = ({ arrival, told }: Passage, span: Span, side: Side): Traced => ({
  span,
  path: shownPath(arrival),
  attributes: {
    'strangler.target': side,
    // that it stands in is known when it has answered
    'strangler.reason': side === told.side ? told.reason : 'stand-in',
  },
  tries: 0,
});

/**
 * One upstream's answer; a request that met a connection just being closed is repeated once, if that can do no
 * harm, and on a fresh connection: the next idle one may be as stale.
 */
function askUpstream(
  { forwarder, metrics, sessions }: Serving,
  passage: Passage,
  { upstream, side, patienceMs, once = false, note }: Upstream,
): Promise<Attempt> {
  const { arrival, response, headers, withBody, body, told } = passage;
  const { request, method, target } = arrival;
  const wish: AttemptRequest = {
    request,
    response,
    upstream,
    target,
    headers,
    withBody,
    body,
    patienceMs,
    fresh: false,
    place: undefined,
    dial: undefined,
    once,
    traced: arrival.trace.span && tracedOf(passage, arrival.trace.span, side),
  };
  const started = performance.now();
  // one promise for all of it: every request waits for this
  return new Promise((resolve) => {
    const settle: Settle = (attempt) => {
      told.unanswered = attempt.kind !== 'answer';
      if (sessions)
        for (const one of sessions)
          if (attempt.kind === 'answer') one.sawAnswer(arrival, attempt.answer.rawHeaders);
          else one.sawNoAnswer(arrival);
      resolve(attempt);
      note?.(attempt);
    };
    forwarder.send(wish, (first) => {
      if (first.kind !== 'failed' || !first.stale) return settle(first);
      if (once || withBody || !repeatable.has(method)) return settle(first);
      metrics.retries.inc();
      const leftMs = patienceMs - (performance.now() - started);
      forwarder.send({ ...wish, fresh: true, patienceMs: leftMs }, settle);
    });
  });
}
