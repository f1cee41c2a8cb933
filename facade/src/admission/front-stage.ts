import type { IncomingMessage } from 'node:http';
import { collapsedPath, whatIsAsked } from '@strangler-toolkit/plan';
import { notOfStrangers } from '../proxy/headers.ts';
import { peerOf } from '../proxy/peer.ts';
import type { Serving } from '../serving/serving.ts';
import { endRequest } from '../telemetry/spans/end-request.ts';
import { traceOf } from '../telemetry/trace.ts';
import type { Arrival, Refused } from './arrival.ts';
import { faultOf, type Refusal } from './framing.ts';

export type FrontDesk = Pick<
  Serving,
  'claims' | 'trusted' | 'strangers' | 'metrics' | 'log' | 'spans'
>;
type Entrance = 'request' | 'upgrade';

const pathRefused = (reason: string): Refusal => ({
  status: 400,
  code: 'PATH_REFUSED',
  detail: `Refused: ${reason}.`,
});

/** Counted and logged here; the entrance answers, it knows how. */
function refuse(
  { metrics, log }: FrontDesk,
  entrance: Entrance,
  { request, trace }: Pick<Arrival, 'request' | 'trace'>,
  { status, code, detail, close = false }: Refusal,
): Refused {
  const { requestId, traceId } = trace;
  const { method, url } = request;
  metrics.rejected.inc({ code });
  const path = url && collapsedPath(url.split('?', 1)[0] ?? '');
  log.info(
    { method, path, status, code, reason: detail, traceId, requestId },
    `${entrance} refused`,
  );
  if (trace.span)
    endRequest(trace.span, {
      method: method ?? 'GET',
      path: path ?? '',
      route: undefined,
      status,
      encrypted: 'encrypted' in request.socket,
      attributes: { 'strangler.refused': code },
    });
  return { admitted: false, problem: { status, code, detail, requestId, close } };
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
  const { rawHeaders } = request;
  const trace = desk.spans
    ? desk.spans.arrive(rawHeaders, peer.trusted, method)
    : traceOf(rawHeaders, peer.trusted);
  desk.strangers.note(peer, rawHeaders);
  const fault = faultOf(request);
  if (fault) return refuse(desk, entrance, { request, trace }, fault);
  const asked = whatIsAsked(desk.claims.find, request, peer.trusted ? undefined : notOfStrangers);
  if ('refused' in asked)
    return refuse(desk, entrance, { request, trace }, pathRefused(asked.refused));
  const { found, search, target, authority } = asked;
  return {
    admitted: true,
    request,
    method,
    path: found.path,
    search,
    target,
    headers,
    host: authority ?? headers.host ?? '',
    peer,
    trace,
    claim: found.kind === 'claimed' ? found.claim : undefined,
    started,
  };
}
