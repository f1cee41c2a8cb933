import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Arrival } from '../admission/arrival.ts';
import { admit } from '../admission/front-stage.ts';
import { clientHeaders, upgradeHeaders } from '../proxy/headers.ts';
import { type Problem, rawProblem } from '../proxy/problem.ts';
import { chooseSide } from '../serving/choose-side.ts';
import { shownPath } from '../serving/shown-path.ts';
import { whoAsks } from '../serving/who.ts';
import type { Serving } from '../serving/serving.ts';

export const isWebSocket = (request: IncomingMessage): boolean =>
  request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';

/** A client's side of an upgrade: its socket and the first bytes after its handshake. */
interface ClientSide {
  readonly socket: Duplex;
  readonly head: Buffer;
}

function sendRawProblem(socket: Duplex, problem: Problem): void {
  if (!socket.destroyed) socket.end(rawProblem(problem));
}

const rawHead = (answer: IncomingMessage, headers: readonly string[]): string => {
  let head = `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2)
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
};

async function upstreamOf(serving: Serving, arrival: Arrival): Promise<string> {
  const { claim } = arrival;
  if (!claim) return serving.monolithUrl;
  const chosen = await chooseSide(serving, claim, whoAsks(arrival));
  return claim.plan.urls[chosen.target];
}

function handshake(upstream: string, arrival: Arrival): http.ClientRequest {
  const { target, request, host, peer, trace } = arrival;
  const { rawHeaders } = request;
  const url = new URL(upstream);
  const prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
  return (url.protocol === 'https:' ? https : http).request({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: 'GET',
    agent: false,
    path: prefix + target,
    headers: upgradeHeaders({ rawHeaders, host }, peer, trace),
  });
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
    const arrival = admit(serving, request, 'upgrade');
    if (!arrival.admitted) return sendRawProblem(socket, arrival.problem);
    const outgoing = handshake(await upstreamOf(serving, arrival), arrival);
    connect({ serving, open, arrival, outgoing, client: { socket, head } });
  };
}

interface Connection {
  readonly serving: Serving;
  readonly open: Set<Duplex>;
  readonly arrival: Arrival;
  readonly outgoing: http.ClientRequest;
  readonly client: ClientSide;
}

/** Bytes that a client may send before its handshake is answered. */
const earlyBytes = 65_536;

/**
 * Reads what a client sends while its handshake is under way, for a socket that nobody reads does not tell that the client
 * left. Returns what takes the bytes and stops reading.
 */
function listen({ socket, head }: ClientSide, gone: () => void): () => Buffer {
  const chunks = [head];
  let size = head.length;
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > earlyBytes) socket.pause();
  };
  socket.on('data', take).once('end', gone).once('close', gone);
  socket.resume();
  return () => {
    socket.pause();
    socket.off('data', take).off('end', gone).off('close', gone);
    return Buffer.concat(chunks);
  };
}

/** Whatever the upstream says to the handshake, the client hears; two sockets become one line when it agrees. */
function connect({ serving, open, arrival, outgoing, client }: Connection): void {
  const { log, limits } = serving;
  const { claim, trace } = arrival;
  const { requestId, traceId } = trace;
  const { socket } = client;
  let over = false;
  const ends = (): boolean => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    return true;
  };
  const abandon = (): void => {
    if (!ends()) return;
    log.info({ path: shownPath(arrival), traceId, requestId }, 'upgrade abandoned');
    outgoing.destroy();
    socket.destroy();
  };
  const early = listen(client, abandon);
  const fail = (status: number, code: string, detail: string): void => {
    if (!ends()) return;
    early();
    log.info({ status, code, traceId, requestId }, 'upgrade refused');
    sendRawProblem(socket, { status, code, detail, requestId });
    outgoing.destroy();
  };
  const patienceMs = claim
    ? (claim.route.definition.timeoutMs ?? limits.timeoutMs)
    : limits.wireTimeoutMs;
  const timer = setTimeout(
    () => fail(504, 'UPSTREAM_TIMEOUT', 'The upstream did not answer in time.'),
    patienceMs,
  );
  outgoing.on('error', () =>
    fail(502, 'UPSTREAM_UNREACHABLE', 'The upstream could not be reached.'),
  );
  outgoing.on('response', (answer) => {
    if (!ends()) return;
    early();
    const { statusCode: status = 502, rawHeaders } = answer;
    const headers = clientHeaders({ status, rawHeaders });
    socket.write(rawHead(answer, [...headers, 'Connection', 'close']));
    socket.once('close', () => outgoing.destroy());
    socket.resume();
    answer.pipe(socket);
  });
  outgoing.on('upgrade', (answer, other, otherHead) => {
    if (!ends()) return;
    const said = early();
    log.info(
      {
        path: shownPath(arrival),
        context: claim?.route.context ?? '',
        route: claim?.route.definition.name ?? '',
        traceId,
      },
      'upgrade',
    );
    socket.write(rawHead(answer, answer.rawHeaders));
    if (otherHead.length > 0) socket.write(otherHead);
    if (said.length > 0) other.write(said);
    join(serving, open, socket, other);
  });
  outgoing.end();
}

/** Each end takes the other along when it closes. */
function join(serving: Serving, open: Set<Duplex>, socket: Duplex, other: Duplex): void {
  open.add(socket);
  serving.metrics.upgrades.set(open.size);
  const close = (): void => {
    socket.destroy();
    other.destroy();
    open.delete(socket);
    serving.metrics.upgrades.set(open.size);
  };
  socket.once('close', close);
  other.once('close', close);
  other.on('error', close);
  other.pipe(socket).pipe(other);
}
