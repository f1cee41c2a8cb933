import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { canonicalTarget } from '../routing/canonical-path.ts';
import { traceOf } from '../telemetry/trace.ts';
import { clientHeaders, upgradeHeaders } from '../proxy/headers.ts';
import { peerOf } from '../proxy/peer.ts';
import { rawProblem } from '../proxy/problem.ts';
import type { Serving } from './serve.ts';
import { chooseSide } from './serve-read.ts';

export const isWebSocket = (request: IncomingMessage): boolean =>
  request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';

const rawHead = (answer: IncomingMessage, headers: readonly string[]): string => {
  let head = `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2)
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
};

/**
 * WebSockets. On node:http instead of the proxy library: that closes a handshake to a dead upstream without a status, and
 * copies a refused handshake's hop-by-hop headers.
 */
export function upgradeHandler(
  serving: Serving,
  open: Set<Duplex>,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void> {
  return async (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const peer = peerOf(request, serving.trusted);
    const trace = traceOf(request.headers, peer.trusted);
    const refuse = (status: number, code: string, detail: string): void => {
      serving.log.info(
        { status, code, traceId: trace.traceId, requestId: trace.requestId },
        'upgrade refused',
      );
      if (!socket.destroyed)
        socket.end(rawProblem({ status, code, detail, requestId: trace.requestId }));
    };
    const target = canonicalTarget(request.url ?? '');
    if (!target.ok) return refuse(400, 'PATH_REFUSED', `Refused: ${target.reason}.`);
    const route = serving.table.match('GET', target.path);
    const plan = route && serving.contexts.get(route.context);
    let upstream = serving.monolithUrl;
    if (route && plan) {
      const chosen = await chooseSide(
        serving,
        plan,
        route,
        plan.identity({ headers: request.headers, search: target.search }),
      );
      upstream = plan.urls[chosen.target];
    }
    const url = new URL(upstream);
    const outgoing = (url.protocol === 'https:' ? https : http).request({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method: 'GET',
      agent: false,
      path:
        (url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '')) + target.path + target.search,
      headers: upgradeHeaders(request.headers, peer, trace),
    });
    const timer = setTimeout(() => {
      refuse(504, 'UPSTREAM_TIMEOUT', 'The upstream did not answer in time.');
      outgoing.destroy();
    }, route?.definition.timeoutMs ?? serving.limits.timeoutMs);
    socket.once('close', () => outgoing.destroy());
    outgoing.on('error', () => {
      clearTimeout(timer);
      refuse(502, 'UPSTREAM_UNREACHABLE', 'The upstream could not be reached.');
    });
    outgoing.on('response', (answer) => {
      clearTimeout(timer);
      socket.write(
        rawHead(answer, [
          ...clientHeaders(answer.rawHeaders, answer.headers.connection),
          'Connection',
          'close',
        ]),
      );
      answer.pipe(socket);
    });
    outgoing.on('upgrade', (answer, other, otherHead) => {
      clearTimeout(timer);
      serving.log.info(
        {
          path: target.path,
          context: route?.context ?? '',
          route: route?.definition.name ?? '',
          traceId: trace.traceId,
        },
        'upgrade',
      );
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
      socket.write(rawHead(answer, answer.rawHeaders));
      if (otherHead.length > 0) socket.write(otherHead);
      if (head.length > 0) other.write(head);
      other.pipe(socket).pipe(other);
    });
    outgoing.end();
  };
}
