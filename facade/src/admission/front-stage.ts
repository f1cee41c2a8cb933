import type { IncomingMessage } from 'node:http';
import { peerOf } from '../proxy/peer.ts';
import { canonicalTarget } from '../routing/canonical-path.ts';
import type { Serving } from '../serving/serving.ts';
import { traceOf } from '../telemetry/trace.ts';
import type { Arrival, Refused } from './arrival.ts';

export type FrontDesk = Pick<Serving, 'claims' | 'trusted' | 'metrics' | 'log'>;
type Entrance = 'request' | 'upgrade';

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

const pathRefused = (reason: string): Refusal => ({
  status: 400,
  code: 'PATH_REFUSED',
  detail: `Refused: ${reason}.`,
});
const transferEncoding: Refusal = {
  status: 501,
  code: 'TRANSFER_ENCODING',
  detail: 'Only chunked transfer encoding is supported.',
};

/** Counted and logged here; the entrance answers, it knows how. */
function refuse(
  { metrics, log }: FrontDesk,
  entrance: Entrance,
  { method, trace }: Pick<Arrival, 'method' | 'trace'>,
  { status, code, detail }: Refusal,
): Refused {
  const { requestId, traceId } = trace;
  metrics.rejected.inc({ code });
  log.info({ method, status, code, traceId, requestId }, `${entrance} refused`);
  return { admitted: false, problem: { status, code, detail, requestId } };
}

/**
 * The one way in, for requests and upgrades alike: who asks, which trace it belongs to, what exactly is asked, which context
 * claims it. Whatever is refused before an upstream sees it is refused here.
 */
export function admit(
  desk: FrontDesk,
  request: IncomingMessage,
  entrance: Entrance,
): Arrival | Refused {
  const started = performance.now();
  const { headers, method = 'GET' } = request;
  const peer = peerOf(request, desk.trusted);
  const trace = traceOf(headers, peer.trusted);
  const target = canonicalTarget(request.url ?? '');
  if (!target.ok) return refuse(desk, entrance, { method, trace }, pathRefused(target.reason));
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return refuse(desk, entrance, { method, trace }, transferEncoding);
  return {
    admitted: true,
    request,
    method,
    path: target.path,
    search: target.search,
    headers,
    peer,
    trace,
    claim: desk.claims.match(method, target.path),
    started,
  };
}
