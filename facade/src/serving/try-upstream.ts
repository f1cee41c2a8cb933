import type { Attempt, AttemptRequest } from '../proxy/forwarder.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';

const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Upstream {
  readonly upstream: string;
  /** Milliseconds until an answer must have begun. */
  readonly patienceMs: number;
  /** A write is never repeated, whatever its method. */
  readonly once?: boolean;
}

/**
 * One upstream's answer; a request that met a connection just being closed is repeated once, if that can do no
 * harm, and on a fresh connection: the next idle one may be as stale.
 */
export async function tryUpstream(
  { forwarder, metrics }: Serving,
  { arrival, response, headers, withBody, body }: Passage,
  { upstream, patienceMs, once = false }: Upstream,
): Promise<Attempt> {
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
  };
  const first = await forwarder.send(wish);
  if (first.kind !== 'failed' || !first.stale) return first;
  if (once || withBody || !repeatable.has(method)) return first;
  metrics.retries.inc();
  return forwarder.send({ ...wish, fresh: true });
}
