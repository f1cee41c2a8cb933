import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 §7.6.1, and what old proxies still send. */
const hopByHop = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
]);
/** What `Connection: X` of a client must not make disappear: framing, and what the facade itself says. */
const kept = (name: string): boolean =>
  name === 'host' ||
  name === 'content-length' ||
  name === 'traceparent' ||
  name === 'x-request-id' ||
  name.startsWith('x-forwarded-') ||
  name.startsWith('x-strangler-');

const connectionOptions = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((option) => option.trim().toLowerCase())
    .filter((option) => option !== '');

export interface Peer {
  readonly address: string;
  readonly encrypted: boolean;
  /** A proxy of ours in front of the facade: what it says about the client counts. */
  readonly trusted: boolean;
  readonly localPort: number;
}
export interface Trail {
  readonly requestId: string;
  readonly traceparent: string;
}

function forwarded(headers: IncomingHttpHeaders, peer: Peer): Record<string, string> {
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return peer.trusted && typeof value === 'string' && value !== '' ? value : undefined;
  };
  const before = text('x-forwarded-for');
  return {
    'x-forwarded-for': before ? `${before}, ${peer.address}` : peer.address,
    'x-forwarded-proto': text('x-forwarded-proto') ?? (peer.encrypted ? 'https' : 'http'),
    'x-forwarded-host': text('x-forwarded-host') ?? headers.host ?? '',
    'x-forwarded-port': text('x-forwarded-port') ?? String(peer.localPort),
  };
}

/** The headers an upstream gets: end-to-end ones of the client, and the facade's own word on who asks. */
export function upstreamHeaders(
  method: string,
  headers: IncomingHttpHeaders,
  peer: Peer,
  trail: Trail,
): IncomingHttpHeaders {
  const dropped = new Set([
    ...hopByHop,
    ...connectionOptions(headers.connection).filter((name) => !kept(name)),
    'expect',
    'http2-settings',
  ]);
  const result: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (
      dropped.has(name) ||
      name.startsWith('x-strangler-') ||
      (name === 'forwarded' && !peer.trusted)
    )
      continue;
    result[name] = value;
  }
  // For these methods node does not chunk by itself: without the header the body would be read as the next request
  // (CVE-2026-29057). For the others it does, and the connection stays reusable.
  if (headers['transfer-encoding'] !== undefined && !['POST', 'PUT', 'PATCH'].includes(method))
    result['transfer-encoding'] = 'chunked';
  return Object.assign(result, forwarded(headers, peer), {
    'x-request-id': trail.requestId,
    traceparent: trail.traceparent,
  });
}

/** As above for a WebSocket handshake, which lives from two hop-by-hop headers. */
export const upgradeHeaders = (
  headers: IncomingHttpHeaders,
  peer: Peer,
  trail: Trail,
): IncomingHttpHeaders =>
  Object.assign(upstreamHeaders('GET', headers, peer, trail), {
    connection: 'Upgrade',
    upgrade: 'websocket',
  });

/**
 * Raw pairs as the upstream sent them (case, order and repeated Set-Cookie kept), without what belongs to its connection and
 * what the facade says itself.
 */
export function clientHeaders(
  raw: readonly string[],
  connection: string | undefined,
  replaced: readonly string[] = [],
): string[] {
  const dropped = new Set([
    ...hopByHop,
    ...replaced,
    ...connectionOptions(connection).filter((name) => name !== 'content-length'),
  ]);
  const result: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!dropped.has(name.toLowerCase())) result.push(name, raw[index + 1] ?? '');
  }
  return result;
}

/** Does the request announce a body? */
export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');
