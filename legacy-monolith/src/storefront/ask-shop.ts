import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Session } from '../identity/session.ts';
import { StorefrontClient } from './client.ts';
import { addressesFor, ownAddress } from './shop-address.ts';

export interface PagesOptions {
  /** Where visitors reach the shop; what a page shows is asked for there. Default: this process. */
  readonly shopUrls?: readonly string[] | undefined;
  /** So long a page waits for what it shows, in milliseconds; default 5,000. */
  readonly waitMs?: number | undefined;
}

/** What was asked → which sides answered, where a facade tells it. */
export type Answered = ReadonlyMap<string, ReadonlySet<string>>;

export interface ShopCalls {
  readonly answered: Answered;
  /** A client whose answers count as those about `what`. */
  about(what: string): StorefrontClient;
}

/** By an address, as facades take it too where somebody has nothing else: a percentage sticks to the visitor, not to this server. */
const markOf = (address: string): string =>
  `visitor-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`;

/** The visitor asks, not the shop: whoever decides by who asks must decide the same as for a request of theirs. */
function visitorHeaders(request: Request, session: Session | undefined): Record<string, string> {
  const passed = ['authorization', 'cookie', 'x-client-id', 'traceparent'];
  const headers = Object.fromEntries(
    passed.flatMap((name) => {
      const value = request.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  if (!session && headers.authorization === undefined)
    headers['x-client-id'] ??= markOf(
      request.get('x-forwarded-for') ?? request.socket.remoteAddress ?? '',
    );
  return headers;
}

/** The API of the shop, asked for one page: until the page has waited long enough, or nobody waits for it any more. */
export function shopCalls(
  { request, response }: { readonly request: Request; readonly response: Response },
  session: Session | undefined,
  { shopUrls = [], waitMs = 5_000 }: PagesOptions,
): ShopCalls {
  const host = request.get('x-forwarded-host') ?? request.get('host');
  const addresses = addressesFor(shopUrls, host, ownAddress(request.socket));
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(waitMs)]);
  const answered = new Map<string, Set<string>>();

  const ask = async (path: string, init?: RequestInit): Promise<globalThis.Response> => {
    let failure: unknown;
    for (const address of addresses)
      try {
        return await fetch(address + path, { ...init, redirect: 'manual', signal });
      } catch (error) {
        failure = error;
        if (signal.aborted) break;
      }
    throw failure;
  };
  return {
    answered,
    about(what) {
      const sides = new Set<string>();
      answered.set(what, sides);
      return new StorefrontClient(
        async (path, init) => {
          const answer = await ask(path, init);
          const side = answer.headers.get('x-strangler-served-by');
          if (side !== null) sides.add(side);
          return answer;
        },
        visitorHeaders(request, session),
      );
    },
  };
}

/** With what status a page says that it has nothing to show. */
export function statusOfFailure(error: unknown): number {
  const { name, status } = error as { name?: unknown; status?: unknown };
  if (name === 'TimeoutError') return 504;
  if (typeof status !== 'number') return 502;
  return [400, 401, 403, 429, 503, 504].includes(status) ? status : 502;
}
