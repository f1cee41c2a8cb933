import type { Arrival } from '../admission/arrival.ts';
import type { Problem } from '../proxy/problem.ts';
import { rawHeader } from '../proxy/raw-headers.ts';
import { type CorsRule, mayAsk, withoutUpstreamsCors } from './cors.ts';
import { type Rewrite, rewriteHeaders, withoutHeaders } from './rewrite.ts';

/** Whose page opens a WebSocket. No browser asks before, or keeps from a page what comes: whoever answers has to. */
export type Page =
  /** The host's own, one that may ask with whom the browser knows, or no browser. */
  | 'welcome'
  /** It may ask, but not as whoever is logged in. */
  | 'nameless'
  | 'refused';

/** `hosts`: as the client and proxies of ours call what is asked. */
export function pageThatAsks(
  rule: CorsRule | undefined,
  origin: string | undefined,
  hosts: readonly string[],
): Page {
  if (!rule || origin === undefined || hosts.some((host) => isOf(origin, host))) return 'welcome';
  if (!mayAsk(rule, origin)) return 'refused';
  return rule.credentials ? 'welcome' : 'nameless';
}

function isOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  // without the port that its scheme has anyway
  const asked = `${protocol}//${host}`;
  return URL.canParse(asked) && new URL(asked).host === own;
}

export const originRefused: Problem = {
  status: 403,
  code: 'ORIGIN_REFUSED',
  detail: 'Pages of this origin may not open a WebSocket here.',
};

/** By the rule of the route that is asked. */
export function pageOf(rule: CorsRule | undefined, { request, host, peer }: Arrival): Page {
  const { rawHeaders } = request;
  const forwarded = peer.trusted ? rawHeader(rawHeaders, 'x-forwarded-host') : undefined;
  const hosts = forwarded === undefined ? [host] : [host, forwarded];
  return pageThatAsks(rule, rawHeader(rawHeaders, 'origin'), hosts);
}

export interface HandshakeRules {
  readonly page: Page;
  readonly cors: CorsRule | undefined;
  readonly rewrite: Rewrite | undefined;
}

/** What the upstream hears of a handshake. */
export function handshakeAsked(
  headers: readonly string[],
  { page, rewrite }: HandshakeRules,
): readonly string[] {
  const named = page !== 'nameless';
  const shown = named
    ? headers
    : withoutHeaders(headers, (name) => name === 'cookie' || name === 'authorization');
  return rewrite ? rewriteHeaders(shown, rewrite.request) : shown;
}

/** What the client hears of its answer, be it 101 or another; bodies stay as they are. */
export function handshakeAnswered(
  headers: readonly string[],
  { cors, rewrite }: HandshakeRules,
): readonly string[] {
  const rewritten = rewrite ? rewriteHeaders(headers, rewrite.answer) : headers;
  return cors ? withoutUpstreamsCors(rewritten, cors) : rewritten;
}
