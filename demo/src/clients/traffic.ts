import { type Send, sendTo, UnexpectedAnswer } from '../../../contracts/consumers/shop-api.ts';

/** What the clients met, added up over all of them. */
export interface TrafficCounts {
  requests: number;
  failedRequests: number;
  acknowledgedWrites: number;
  staleReads: number;
  /** Slowest answer to a write since it was last set to 0. */
  longestWriteMs: number;
  /** The first failures and stale reads, in words. */
  readonly problems: string[];
}

export const newCounts = (): TrafficCounts => ({
  requests: 0,
  failedRequests: 0,
  acknowledgedWrites: 0,
  staleReads: 0,
  longestWriteMs: 0,
  problems: [],
});

export function note(counts: TrafficCounts, problem: string): void {
  if (counts.problems.length < 50) counts.problems.push(problem);
}

/** An answer that a client cannot use. */
export interface Failure {
  /** 0: no answer. */
  readonly status: number;
  readonly said: string;
}

export const failureOf = (error: unknown): Failure =>
  error instanceof UnexpectedAnswer
    ? { status: error.status, said: error.text }
    : {
        status: 0,
        said:
          error instanceof Error
            ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`.trim()
            : String(error),
      };

/** A known customer, or a visitor with nothing but a cookie's worth of identity. */
export type Who = { readonly token: string } | { readonly visitor: string };

export const headersOf = (who: Who): Readonly<Record<string, string>> =>
  'token' in who ? { authorization: `Bearer ${who.token}` } : { 'x-client-id': who.visitor };

/** Sends to the facades in turn, so that consecutive requests of one client meet different processes. */
export class Traffic {
  readonly counts: TrafficCounts;
  readonly #facades: readonly string[];
  readonly #timeoutMs: number;
  #turn = 0;

  constructor(facades: readonly string[], counts: TrafficCounts = newCounts(), timeoutMs = 30_000) {
    this.#facades = facades;
    this.counts = counts;
    this.#timeoutMs = timeoutMs;
  }

  /** How the shop's clients send, whatever they ask: the next facade in turn, counted. */
  readonly send: Send = async (path, init) => {
    const via = this.#facades[this.#turn++ % this.#facades.length] ?? '';
    this.counts.requests++;
    const began = performance.now();
    const response = await sendTo(via)(path, {
      ...init,
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    if (init?.method !== undefined && init.method !== 'GET')
      this.counts.longestWriteMs = Math.max(this.counts.longestWriteMs, performance.now() - began);
    return response;
  };

  /** Counts an answer that a client should not have got. */
  fail(what: string, { status, said }: Failure): void {
    this.counts.failedRequests++;
    note(
      this.counts,
      `${new Date().toISOString()} ${what}: ${status || 'no answer'} ${said.slice(0, 200)}`,
    );
  }
}
