import type { IncomingMessage } from 'node:http';
import { peerOf } from '../proxy/peer.ts';
import type { Found } from '../routing/find-claim.ts';
import { readTarget } from '../routing/request-target.ts';
import type { Claim } from '../serving/claim.ts';
import { methodOverride } from '../routing/method-override.ts';
import type { Serving } from '../serving/serving.ts';
import { traceOf } from '../telemetry/trace.ts';
import type { Arrival, Refused } from './arrival.ts';
import { faultOf, type Refusal } from './framing.ts';

export type FrontDesk = Pick<Serving, 'claims' | 'trusted' | 'strangers' | 'metrics' | 'log'>;
type Entrance = 'request' | 'upgrade';

const pathRefused = (reason: string): Refusal => ({
  status: 400,
  code: 'PATH_REFUSED',
  detail: `Refused: ${reason}.`,
});
const doubtful = (reason: string): Refusal =>
  pathRefused(`${reason}, so that two servers could differ in whose route it is`);

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
  const path = url?.split('?', 1)[0];
  log.info(
    { method, path, status, code, reason: detail, traceId, requestId },
    `${entrance} refused`,
  );
  return { admitted: false, problem: { status, code, detail, requestId, close } };
}

/** What a target asks for, and whose it is. */
interface Asked {
  readonly found: Found<Claim>;
  readonly search: string;
  readonly target: string;
  readonly authority: string | undefined;
}

function asked(
  desk: FrontDesk,
  { method = 'GET', url = '', headers }: IncomingMessage,
): Asked | Refusal {
  const read = readTarget(method, url);
  if (read.form === 'faulty') return pathRefused(read.reason);
  const { authority } = read;
  if (read.form === 'asterisk')
    return { found: { kind: 'unclaimed', path: '*' }, search: '', target: '*', authority };
  const { path, search } = read;
  const found = desk.claims.find(method, path, methodOverride({ headers, search }));
  if (found.kind === 'doubtful') return doubtful(found.reason);
  if (found.kind === 'claimed' && search.includes('#'))
    return doubtful('the request target has a fragment');
  const target = (found.kind === 'claimed' ? found.path : path) + search;
  return { found, search, target, authority };
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
  const trace = traceOf(request.rawHeaders, peer.trusted);
  desk.strangers.note(peer, request.rawHeaders);
  const fault = faultOf(request);
  if (fault) return refuse(desk, entrance, { request, trace }, fault);
  const wish = asked(desk, request);
  if ('status' in wish) return refuse(desk, entrance, { request, trace }, wish);
  const { found, search, target, authority } = wish;
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
