import type { Upstream, Upstreams } from '../resilience/upstreams.ts';
import type { Deadlines } from './deadlines.ts';
import type { AttemptRequest, Forwarder, Settle } from './forwarder.ts';
import { SpreadTry } from './spread-try.ts';
import { waitForTurn } from './turn.ts';
import { timeoutOf } from './upstream-failures.ts';

/** Whoever sends: no upstream is asked more at a time than it may be, who waits waits a bounded time, and instances share the work. */
export class BoundedForwarder implements Forwarder {
  readonly #inner: Forwarder;
  readonly #upstreams: Upstreams;
  readonly #deadlines: Deadlines;
  readonly #waitMs: number;

  constructor(inner: Forwarder, upstreams: Upstreams, deadlines: Deadlines, waitMs: number) {
    this.#inner = inner;
    this.#upstreams = upstreams;
    this.#deadlines = deadlines;
    this.#waitMs = waitMs;
  }

  send(wish: AttemptRequest, settle: Settle): void {
    const { response, patienceMs } = wish;
    if (response.destroyed) return settle({ kind: 'client-gone' });
    const upstream = this.#upstreams.of(wish.upstream);
    if (upstream.bulkhead.enter()) return this.#begin(upstream, wish, settle);
    return waitForTurn(upstream.bulkhead, this.#deadlines, {
      withinMs: Math.min(this.#waitMs, patienceMs),
      client: response,
      begin: (waitedMs) =>
        this.#begin(upstream, { ...wish, patienceMs: patienceMs - waitedMs }, settle),
      refused: (crowded) => {
        // who had no more time than this got no answer in its time: so slow is no upstream that is well
        const late = crowded.kind === 'queue-timeout' && patienceMs <= this.#waitMs;
        const failure = late ? timeoutOf(new URL(wish.upstream).host) : crowded;
        settle({ kind: 'failed', failure, stale: false });
      },
      gone: () => settle({ kind: 'client-gone' }),
    });
  }

  #begin(upstream: Upstream, wish: AttemptRequest, settle: Settle): void {
    const { alone } = upstream.balancer;
    if (!alone) {
      const parts = { inner: this.#inner, deadlines: this.#deadlines };
      return new SpreadTry({ ...parts, upstream, wish, settle }).begin();
    }
    wish.place = upstream.bulkhead;
    wish.dial = alone.endpoint;
    return this.#inner.send(wish, settle);
  }
}
