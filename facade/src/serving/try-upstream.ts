import type { IncomingMessage } from 'node:http';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Attempt } from '../proxy/attempt.ts';
import type { Passage, Serving } from './serve.ts';

const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One upstream's answer; a request that met a connection just being closed is repeated once, if that can do no harm: a write is never, whatever its method. */
export async function tryUpstream(
  serving: Serving,
  passage: Passage,
  upstream: string,
  patienceMs: number,
  tries: 'once' | 'again' = 'again',
): Promise<Attempt> {
  const { request, response, path, search, headers, withBody, body, method } = passage;
  const once = (): Promise<Attempt> =>
    serving.attempts.run({
      request,
      response,
      upstream,
      target: path + search,
      headers,
      withBody,
      ...(body && { body }),
      patienceMs,
    });
  const first = await once();
  if (
    first.kind !== 'failed' ||
    !first.stale ||
    withBody ||
    tries === 'once' ||
    !repeatable.has(method)
  )
    return first;
  serving.metrics.retries.inc();
  return once();
}

/** Statuses with which a gateway or a service says: I cannot serve now. */
export const refuses = (answer: IncomingMessage): boolean =>
  answer.statusCode === 502 || answer.statusCode === 503 || answer.statusCode === 504;

export const refusal = (answer: IncomingMessage): UpstreamFailure =>
  new UpstreamFailure('refusing', `upstream answered ${answer.statusCode}`);
