import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Arrival } from '../admission/arrival.ts';
import { admit } from '../admission/front-stage.ts';
import { overloaded } from '../admission/shedding.ts';
import { atTheDoor, type CountedBefore } from '../edge/door.ts';
import {
  handshakeAnswered,
  handshakeAsked,
  type HandshakeRules,
  originRefused,
  pageOf,
} from '../edge/handshake.ts';
import { IdentityUnknown } from '../edge/session-tokens.ts';
import { clientHeaders, upgradeHeaders } from '../proxy/headers.ts';
import { type Problem, rawProblem } from '../proxy/problem.ts';
import { waitForTurn } from '../proxy/turn.ts';
import { isGone } from '../proxy/spread-try.ts';
import { bareHost, wayTo } from '../addresses/targets.ts';
import type { Endpoint, Instance, InstanceVerdict } from '../resilience/balancer.ts';
import { addressOf, askedOf } from '../serving/asked-of.ts';
import { chooseSide } from '../serving/choose-side.ts';
import { corsOf, dutiesOf } from '../serving/let-in.ts';
import { leaveToOthers } from '../serving/leave-to-others.ts';
import { shownPath } from '../serving/shown-path.ts';
import { whoAsks } from '../serving/who.ts';
import type { Serving } from '../serving/serving.ts';
import { endRequest } from '../telemetry/spans/end-request.ts';
import { type ClientSide, join, listen } from './upgrade-sockets.ts';

export const isWebSocket = (request: IncomingMessage): boolean =>
  request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';

function sendRawProblem(socket: Duplex, problem: Problem): void {
  if (!socket.destroyed) socket.end(rawProblem(problem));
}

const rawHead = (answer: IncomingMessage, headers: readonly string[]): string => {
  let head = `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2)
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
};

interface Upstream {
  readonly url: string;
  readonly headers: readonly string[];
  /** The head of an answer, as the client gets it. */
  readonly told: (rawHeaders: readonly string[]) => readonly string[];
}

/** @throws IdentityUnknown */
async function upstreamOf(
  serving: Serving,
  arrival: Arrival,
  { page, cors }: Pick<HandshakeRules, 'page' | 'cors'>,
): Promise<Upstream> {
  const { claim, request, host, peer, trace } = arrival;
  const { rawHeaders } = request;
  const { testers } = serving;
  if (testers) arrival.tester = testers.of(rawHeaders);
  const shown = upgradeHeaders({ rawHeaders, host }, peer, trace);
  const head = testers ? testers.strip(shown) : shown;
  const side = claim ? (await chooseSide(serving, claim, whoAsks(arrival))).target : 'monolith';
  const duties = claim ? claim.duties : serving.unclaimedDuties;
  const rules = { page, cors, rewrite: duties?.rewrites?.[side] };
  const session = side === 'service' ? duties?.session : undefined;
  const headers = session ? await session.forService(head, addressOf(serving, arrival)) : head;
  return {
    url: claim ? claim.plan.urls[side] : serving.monolithUrl,
    headers: handshakeAsked(headers, rules),
    told: (rawHeaders) => handshakeAnswered(rawHeaders, rules),
  };
}

function handshake(
  { tls }: Pick<Serving, 'tls'>,
  { target }: Arrival,
  endpoint: Endpoint,
  headers: readonly string[],
): http.ClientRequest {
  const url = new URL(endpoint.url);
  const hostname = bareHost(url);
  const prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
  return (url.protocol === 'https:' ? https : http).request({
    protocol: url.protocol,
    hostname,
    port: url.port,
    ...wayTo(endpoint),
    ...(url.protocol === 'https:' && tls?.upstream(`${hostname}:${url.port || 443}`)),
    method: 'GET',
    agent: false,
    path: prefix + target,
    headers,
  });
}

/** A handshake is told until it is decided: a line that stands may be open for days. */
function endHandshake(arrival: Arrival, status: number): void {
  const { trace, claim, method, peer } = arrival;
  if (trace.span)
    endRequest(trace.span, {
      method,
      path: shownPath(arrival),
      route: claim?.route.definition.path,
      status,
      encrypted: peer.encrypted,
      attributes: { 'strangler.upgrade': 'websocket' },
    });
}

function turnAway(
  { metrics, log }: Serving,
  arrival: Arrival,
  socket: Duplex,
  problem: Problem,
): void {
  const { requestId, traceId } = arrival.trace;
  endHandshake(arrival, problem.status);
  const { status, code } = problem;
  metrics.rejected.inc({ code });
  log.info({ status, code, traceId, requestId }, 'upgrade refused');
  sendRawProblem(socket, { ...problem, requestId });
}

/**
 * WebSockets. On node:http instead of the proxy library: that closes a handshake to a dead upstream without a status, and
 * copies a refused handshake's hop-by-hop headers.
 */
export function upgradeEntrance(
  serving: Serving,
  open: Set<Duplex>,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void> {
  return async (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (serving.shedding.full) {
      serving.metrics.rejected.inc({ code: overloaded.code });
      return sendRawProblem(socket, overloaded);
    }
    const arrival = admit(serving, request, 'upgrade');
    if (!arrival.admitted) return sendRawProblem(socket, arrival.problem);
    const { claim } = arrival;
    // what is asked over a socket nobody looks at
    if (claim?.operations) leaveToOthers(serving.claims, arrival);
    const cors = corsOf(serving, arrival, claim?.operations);
    const page = pageOf(cors, arrival);
    if (page === 'refused') return turnAway(serving, arrival, socket, originRefused);
    const counted: CountedBefore = new Map();
    for (const duties of dutiesOf(serving, arrival, claim?.operations)) {
      const letIn = await atTheDoor(duties, askedOf(serving, arrival), counted);
      if (letIn.kind === 'turned-away') return turnAway(serving, arrival, socket, letIn.problem);
    }
    let upstream: Upstream;
    try {
      upstream = await upstreamOf(serving, arrival, { page, cors });
    } catch (error) {
      if (!(error instanceof IdentityUnknown)) throw error;
      return turnAway(serving, arrival, socket, nobodySays);
    }
    connect({ serving, open, arrival, upstream, client: { socket, head } });
  };
}

interface Connection {
  readonly serving: Serving;
  readonly open: Set<Duplex>;
  readonly arrival: Arrival;
  readonly upstream: Upstream;
  readonly client: ClientSide;
}

const late: Problem = {
  status: 504,
  code: 'UPSTREAM_TIMEOUT',
  detail: 'The upstream did not answer in time.',
};
const unreachable: Problem = {
  status: 502,
  code: 'UPSTREAM_UNREACHABLE',
  detail: 'The upstream could not be reached.',
};
const nobodySays: Problem = {
  status: 503,
  code: 'IDENTITY_UNKNOWN',
  detail: 'The monolith does not say whose session it is. Try again.',
  retryAfterSeconds: 1,
};
const crowded: Problem = {
  status: 503,
  code: 'UPSTREAM_BUSY',
  detail: 'The upstream has as many requests as it is given at a time. Try again.',
  retryAfterSeconds: 1,
};

/** Whatever the upstream says to the handshake, the client hears; two sockets become one line when it agrees. */
function connect({ serving, open, arrival, upstream, client }: Connection): void {
  const { log, limits, deadlines, metrics } = serving;
  const { claim, trace } = arrival;
  const { requestId, traceId } = trace;
  const { socket } = client;
  const asked = serving.upstreams.of(upstream.url);
  const { bulkhead, balancer } = asked;
  let instance: Instance | undefined;
  const leaves = (verdict: InstanceVerdict): void => {
    if (!instance) return;
    instance.active--;
    // of the only one nothing is noted, but that a try which began beside others is over: else it would be tried for ever
    if (!balancer.alone || instance.state === 'probed') asked.note(instance, verdict);
    instance = undefined;
  };
  let over = false;
  // only a handshake is among what an upstream is asked at a time: a line that stands may be silent for days
  let inside = false;
  let outgoing: http.ClientRequest | undefined;
  const ends = (verdict: InstanceVerdict): boolean => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    leaves(verdict);
    if (inside) bulkhead.leave();
    return true;
  };
  const abandon = (): void => {
    if (!ends('unknown')) return;
    log.info({ path: shownPath(arrival), traceId, requestId }, 'upgrade abandoned');
    endHandshake(arrival, 499);
    outgoing?.destroy();
    socket.destroy();
  };
  const early = listen(client, abandon);
  const fail = (problem: Problem): void => {
    if (!ends('failed')) return;
    early();
    const { status, code } = problem;
    endHandshake(arrival, status);
    log.info({ status, code, traceId, requestId }, 'upgrade refused');
    sendRawProblem(socket, { ...problem, requestId });
    outgoing?.destroy();
  };
  const patienceMs = claim
    ? (claim.route.definition.timeoutMs ?? limits.timeoutMs)
    : limits.wireTimeoutMs;
  const timer = setTimeout(() => fail(late), patienceMs);
  const ask = (except?: Instance): void => {
    if (over) return bulkhead.leave();
    inside = true;
    const one = balancer.pick({
      now: performance.now(),
      repeatable: true,
      ...(except && { except }),
    });
    if (!one) return fail(unreachable);
    one.active++;
    instance = one;
    outgoing = handshake(serving, arrival, one.endpoint, upstream.headers);
    outgoing.on('error', () => {
      if (over) return;
      leaves('failed');
      serving.upstreams.suspect(upstream.url);
      // a handshake is a read without a body: another instance may be asked, once
      if (except || balancer.alone || !asked.mayRetry) fail(unreachable);
      else ask(one);
    });
    outgoing.on('response', refused);
    outgoing.on('upgrade', agreed);
    outgoing.end();
  };
  const refused = (answer: IncomingMessage): void => {
    if (over) return;
    // it counts like any answer, until it is whole; one that breaks off, or whose client leaves, keeps no socket
    inside = false;
    answer.once('close', () => {
      bulkhead.leave();
      if (!answer.complete) socket.destroy();
    });
    socket.once('end', () => socket.destroy());
    ends(isGone(answer.statusCode) ? 'failed' : 'well');
    early();
    const { statusCode: status = 502, rawHeaders } = answer;
    endHandshake(arrival, status);
    const headers = clientHeaders({ status, rawHeaders });
    socket.write(rawHead(answer, [...upstream.told(headers), 'Connection', 'close']));
    socket.once('close', () => outgoing?.destroy());
    socket.resume();
    answer.pipe(socket);
  };
  const agreed = (answer: IncomingMessage, other: Duplex, otherHead: Buffer): void => {
    if (!ends('well')) return;
    const said = early();
    endHandshake(arrival, 101);
    log.info(
      {
        path: shownPath(arrival),
        context: claim?.route.context ?? '',
        route: claim?.route.definition.name ?? '',
        traceId,
      },
      'upgrade',
    );
    socket.write(rawHead(answer, upstream.told(answer.rawHeaders)));
    if (otherHead.length > 0) socket.write(otherHead);
    if (said.length > 0) other.write(said);
    join(serving, open, socket, other);
  };
  if (bulkhead.enter()) return ask();
  return waitForTurn(bulkhead, deadlines, {
    withinMs: limits.upstreamWaitMs,
    client: socket,
    begin: () => ask(),
    refused: () => {
      metrics.rejected.inc({ code: crowded.code });
      fail(crowded);
    },
    gone: abandon,
  });
}
