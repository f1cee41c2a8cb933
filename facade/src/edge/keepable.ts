import type { IncomingHttpHeaders } from 'node:http';
import CachePolicy from 'http-cache-semantics';
import { headersObject } from '../proxy/raw-headers.ts';

/** What of a request says whether an answer to another one will do. */
export interface CacheAsked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Frameworks take another method from these, and answer that one. */
const overriding = /^x-(?:http-)?method(?:-override)?$/;

/** Conditions and parts are about what a client has: its upstream answers those, and everything but a plain GET. */
export const asksPlainly = (method: string, headers: IncomingHttpHeaders): boolean =>
  method === 'GET' &&
  headers.range === undefined &&
  !Object.keys(headers).some((name) => name.startsWith('if-') || overriding.test(name));

/** Somebody asks who may get another answer than others, or wrote something that others did not. */
export const saysWho = ({ cookie, authorization }: IncomingHttpHeaders): boolean =>
  cookie !== undefined || authorization !== undefined;

export interface Freshness {
  /** It says that it is for everybody, also for who says who asks. */
  readonly isPublic: boolean;
  /** Milliseconds. */
  timeToLive(): number;
  /** Seconds. */
  age(): number;
  /** Whether the kept answer will do for another request: young enough for it, and the same in all that the answer varies by. */
  suits(asked: CacheAsked): boolean;
}

/** Undefined: it may not be kept. `known`: the request says who asks; then only what is said to be public. */
export function freshnessOf(
  asked: CacheAsked,
  answer: { readonly status: number; readonly rawHeaders: readonly string[] },
  known: boolean,
): Freshness | undefined {
  const headers = headersObject(answer.rawHeaders);
  const said = String(headers['cache-control'] ?? '');
  if (headers['set-cookie'] || answer.status === 206) return undefined;
  const isPublic = /(?:^|,)\s*(?:public|s-maxage\s*=)/i.test(said);
  if (known && !isPublic) return undefined;
  const policy = new CachePolicy(
    asked,
    { status: answer.status, headers },
    {
      shared: true,
      // a guess of when something may have changed is nobody's word
      cacheHeuristic: 0,
    },
  );
  if (!policy.storable() || policy.timeToLive() <= 0) return undefined;
  return {
    isPublic,
    timeToLive: () => policy.timeToLive(),
    age: () => policy.age(),
    suits: (other) => policy.satisfiesWithoutRevalidation(other),
  };
}
