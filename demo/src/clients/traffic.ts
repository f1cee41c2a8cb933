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

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly via: string;
  readonly error?: string;
}

/** A known customer, or a visitor with nothing but a cookie's worth of identity. */
export type Who = { readonly token: string } | { readonly visitor: string };

const parse = (text: string): Record<string, unknown> => {
  try {
    const parsed: unknown = text ? JSON.parse(text) : {};
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return { text };
  }
};

export interface Payload {
  readonly body?: object;
  /** The answer is no JSON: its bytes are read and thrown away. */
  readonly binary?: boolean;
}

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

  async send(
    method: string,
    path: string,
    who: Who,
    { body, binary = false }: Payload = {},
  ): Promise<Answer> {
    const via = this.#facades[this.#turn++ % this.#facades.length] ?? '';
    this.counts.requests++;
    const began = performance.now();
    try {
      const response = await fetch(via + path, {
        method,
        headers: {
          ...('token' in who
            ? { authorization: `Bearer ${who.token}` }
            : { 'x-client-id': who.visitor }),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (method !== 'GET')
        this.counts.longestWriteMs = Math.max(
          this.counts.longestWriteMs,
          performance.now() - began,
        );
      if (binary) {
        await response.arrayBuffer();
        return { status: response.status, body: {}, via };
      }
      const text = await response.text();
      return { status: response.status, body: parse(text), via };
    } catch (error) {
      return {
        status: 0,
        body: {},
        via,
        error:
          error instanceof Error
            ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`.trim()
            : String(error),
      };
    }
  }

  /** Counts an answer that a client should not have got. */
  fail(what: string, answer: Answer): void {
    this.counts.failedRequests++;
    note(
      this.counts,
      `${new Date().toISOString()} ${what}: ${answer.status || answer.error} ${JSON.stringify(answer.body).slice(0, 200)}`,
    );
  }
}
