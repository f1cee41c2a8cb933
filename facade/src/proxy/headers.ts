import { facadeHeaders, hopByHopHeaders } from '@strangler-toolkit/plan';
import { connectionOptions, rawHeader } from './raw-headers.ts';

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
const neverForwarded = new Set([...hopByHopHeaders, ...facadeHeaders]);
const fromStrangers = new Set(identifying);

/** What `Connection: X` of a client must not make disappear: framing, and what a proxy of ours says. */
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

const isOption = (lower: string, options: readonly string[]): boolean =>
  options.includes(lower) && !kept(lower);

const portOf = (host: string): string | undefined => /:(\d+)$/.exec(host)?.[1];

export interface ClientHead {
  readonly rawHeaders: readonly string[];
  /** The host that is asked: of an absolute request target, else of the Host header. */
  readonly host: string;
}

/** Who asks, in the four headers that frameworks know. A proxy of ours may have said so before. */
function sayWhoAsks(result: string[], { rawHeaders, host }: ClientHead, peer: Peer): void {
  if (!peer.trusted) {
    result.push('x-forwarded-for', peer.address);
    result.push('x-forwarded-proto', peer.encrypted ? 'https' : 'http');
    result.push('x-forwarded-host', host, 'x-forwarded-port', String(peer.localPort));
    return;
  }
  const said = (name: string): string | undefined => rawHeader(rawHeaders, name) || undefined;
  const before = said('x-forwarded-for');
  const saidProto = said('x-forwarded-proto');
  const saidHost = said('x-forwarded-host');
  const proto = saidProto ?? (peer.encrypted ? 'https' : 'http');
  const port =
    said('x-forwarded-port') ??
    (saidProto === undefined && saidHost === undefined
      ? String(peer.localPort)
      : (portOf(saidHost ?? host) ?? (proto.startsWith('https') ? '443' : '80')));
  result.push('x-forwarded-for', before ? `${before}, ${peer.address}` : peer.address);
  result.push('x-forwarded-proto', proto);
  result.push('x-forwarded-host', saidHost ?? host, 'x-forwarded-port', port);
}

/** Who may say a header to an upstream: everybody, only a proxy of ours, or nobody, for the facade says it itself or not at all. */
type Speaker = 'anybody' | 'trusted' | 'nobody';

function speakerOf(name: string): Speaker {
  const lower = name.toLowerCase();
  if (lower === 'host' || neverForwarded.has(lower)) return 'nobody';
  // the same name for CGI, WSGI, Rack and PHP, which read `X_Real_IP` as `X-Real-IP`
  const read = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  if (read.startsWith('x-strangler-') || replaced.has(read)) return 'nobody';
  if (read !== lower && (read === 'host' || neverForwarded.has(read) || fromStrangers.has(read)))
    return 'nobody';
  return fromStrangers.has(read) || read.startsWith('x-forwarded-') ? 'trusted' : 'anybody';
}

/** Spellings that are remembered: clients share a few dozen, and whoever invents others must not fill the memory. */
const mostSpellings = 1_000;
const speakers = new Map<string, Speaker>();

function rememberedSpeakerOf(name: string): Speaker {
  const known = speakers.get(name);
  if (known !== undefined) return known;
  const speaker = speakerOf(name);
  if (speakers.size < mostSpellings) speakers.set(name, speaker);
  return speaker;
}

/** Whether upstreams get a header only from a proxy of ours, or never: of a stranger it counts for nothing. */
export const notOfStrangers = (name: string): boolean => rememberedSpeakerOf(name) !== 'anybody';

/** The headers an upstream gets: end-to-end ones of the client as it spelt them, and the facade's own word on who asks. */
export function upstreamHeaders(
  { rawHeaders, host }: ClientHead,
  peer: Peer,
  trail: Trail,
): string[] {
  const options = connectionOptions(rawHeaders);
  const result: string[] = [];
  if (host !== '') result.push('Host', host);
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const speaker = rememberedSpeakerOf(name);
    if (speaker === 'nobody' || (speaker === 'trusted' && !peer.trusted)) continue;
    if (options.length > 0 && isOption(name.toLowerCase(), options)) continue;
    result.push(name, rawHeaders[index + 1] ?? '');
  }
  sayWhoAsks(result, { rawHeaders, host }, peer);
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

const notForClients = new Set(hopByHopHeaders);

export interface AnswerHead {
  readonly status: number;
  readonly rawHeaders: readonly string[];
}

/**
 * Raw pairs as the upstream sent them (case, order and repeated Set-Cookie kept), without what belongs to its connection, and
 * `own` at their end: what the facade says itself, names in lower case. A 204 has no length (RFC 9110 §8.6), and trailers are
 * announced only where they can follow.
 */
export function clientHeaders(
  { status, rawHeaders }: AnswerHead,
  own: readonly string[] = [],
): string[] {
  const options = connectionOptions(rawHeaders);
  const result: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (notForClients.has(lower) || hasName(own, lower)) continue;
    if (lower === 'content-length') {
      if (status === 204) continue;
    } else if (options.includes(lower)) continue;
    if (lower === 'trailer' && rawHeader(rawHeaders, 'transfer-encoding') === undefined) continue;
    result.push(name, rawHeaders[index + 1] ?? '');
  }
  for (const text of own) result.push(text);
  return result;
}

function hasName(pairs: readonly string[], lower: string): boolean {
  for (let index = 0; index < pairs.length; index += 2) if (pairs[index] === lower) return true;
  return false;
}

/** Does the request announce a body? */
export function hasBody(rawHeaders: readonly string[]): boolean {
  if (rawHeader(rawHeaders, 'transfer-encoding') !== undefined) return true;
  const length = rawHeader(rawHeaders, 'content-length');
  return length !== undefined && Number(length) !== 0;
}
