import { connectionOptions, rawHeader } from './raw-headers.ts';

/** RFC 9110 §7.6.1, and what old proxies still send. */
const hopByHop: readonly string[] = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
];
/** What the facade says itself to upstreams. */
const own: readonly string[] = ['x-request-id', 'traceparent', 'expect', 'http2-settings'];
/** By these, frameworks and proxies believe who a client is and what it asks; only a proxy of ours may say so. */
const identifying: readonly string[] = [
  'forwarded',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-original-url',
  'x-original-host',
  'x-original-uri',
  'x-rewrite-url',
  'x-host',
  // CGI would call it HTTP_PROXY
  'proxy',
];
/** What the facade says on who asks, a proxy of ours having said it before or not. */
const replaced = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
]);
const neverForwarded = new Set([...hopByHop, ...own]);
const notFromStrangers = new Set([...neverForwarded, ...identifying]);

/** What `Connection: X` of a client must not make disappear: framing, and what the facade itself says. */
const kept = (name: string): boolean =>
  name === 'host' ||
  name === 'content-length' ||
  name === 'traceparent' ||
  name === 'x-request-id' ||
  name.startsWith('x-forwarded-') ||
  name.startsWith('x-strangler-');

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

const portOf = (host: string): string | undefined => /:(\d+)$/.exec(host)?.[1];

/** Who asks, in the four headers that frameworks know. A proxy of ours may have said so before. */
function forwarded(raw: readonly string[], host: string, peer: Peer): string[] {
  const said = (name: string): string | undefined =>
    peer.trusted ? rawHeader(raw, name) || undefined : undefined;
  const before = said('x-forwarded-for');
  const saidProto = said('x-forwarded-proto');
  const saidHost = said('x-forwarded-host');
  const proto = saidProto ?? (peer.encrypted ? 'https' : 'http');
  const port =
    said('x-forwarded-port') ??
    (saidProto === undefined && saidHost === undefined
      ? String(peer.localPort)
      : (portOf(saidHost ?? host) ?? (proto.startsWith('https') ? '443' : '80')));
  return [
    'x-forwarded-for',
    before ? `${before}, ${peer.address}` : peer.address,
    'x-forwarded-proto',
    proto,
    'x-forwarded-host',
    saidHost ?? host,
    'x-forwarded-port',
    port,
  ];
}

/** The same name for CGI, WSGI, Rack and PHP, which read `X_Real_IP` as `X-Real-IP`. */
const asServersRead = (lower: string): string =>
  lower.includes('_') ? lower.replaceAll('_', '-') : lower;

export interface ClientHead {
  readonly rawHeaders: readonly string[];
  /** The host that is asked: of an absolute request target, else of the Host header. */
  readonly host: string;
}

/** The headers an upstream gets: end-to-end ones of the client as it spelt them, and the facade's own word on who asks. */
export function upstreamHeaders(
  { rawHeaders, host }: ClientHead,
  peer: Peer,
  trail: Trail,
): string[] {
  const options = connectionOptions(rawHeaders).filter((name) => !kept(name));
  const dropped = peer.trusted ? neverForwarded : notFromStrangers;
  const result: string[] = [];
  if (host !== '') result.push('Host', host);
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host' || dropped.has(lower) || options.includes(lower)) continue;
    const read = asServersRead(lower);
    if (read.startsWith('x-strangler-') || replaced.has(read)) continue;
    if (read.startsWith('x-forwarded-') && !peer.trusted) continue;
    if (read !== lower && (notFromStrangers.has(read) || read === 'host')) continue;
    result.push(name, rawHeaders[index + 1] ?? '');
  }
  result.push(...forwarded(rawHeaders, host, peer));
  result.push('x-request-id', trail.requestId, 'traceparent', trail.traceparent);
  return result;
}

/** As above for a WebSocket handshake, which lives from two hop-by-hop headers. */
export const upgradeHeaders = (head: ClientHead, peer: Peer, trail: Trail): string[] => [
  ...upstreamHeaders(head, peer, trail),
  'Connection',
  'Upgrade',
  'Upgrade',
  'websocket',
];

const notForClients = new Set(hopByHop);

export interface AnswerHead {
  readonly status: number;
  readonly rawHeaders: readonly string[];
}

/**
 * Raw pairs as the upstream sent them (case, order and repeated Set-Cookie kept), without what belongs to its connection and
 * what the facade says itself. A 204 has no length (RFC 9110 §8.6), and trailers are announced only where they can follow.
 */
export function clientHeaders(
  { status, rawHeaders }: AnswerHead,
  replaced: readonly string[] = [],
): string[] {
  const options = connectionOptions(rawHeaders);
  const chunked = rawHeader(rawHeaders, 'transfer-encoding') !== undefined;
  const result: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (notForClients.has(lower) || replaced.includes(lower)) continue;
    if (lower === 'content-length') {
      if (status === 204) continue;
    } else if (options.includes(lower)) continue;
    if (lower === 'trailer' && !chunked) continue;
    result.push(name, rawHeaders[index + 1] ?? '');
  }
  return result;
}

/** Does the request announce a body? */
export function hasBody(rawHeaders: readonly string[]): boolean {
  if (rawHeader(rawHeaders, 'transfer-encoding') !== undefined) return true;
  const length = rawHeader(rawHeaders, 'content-length');
  return length !== undefined && Number(length) !== 0;
}
