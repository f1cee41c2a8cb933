import type { Upstreams } from '../resilience/upstreams.ts';
import type { Deadlines } from './deadlines.ts';
import type { AttemptRequest, Forwarder, Settle } from './forwarder.ts';
import { waitForTurn } from './turn.ts';
import { timeoutOf } from './upstream-failures.ts';

/** Whoever sends: no upstream is asked more at a time than it may be, and who waits for it waits a bounded time. */
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
    const { bulkhead } = this.#upstreams.of(wish.upstream);
    if (bulkhead.enter()) {
      wish.place = bulkhead;
      return this.#inner.send(wish, settle);
    }
    return waitForTurn(bulkhead, this.#deadlines, {
      withinMs: Math.min(this.#waitMs, patienceMs),
      client: response,
      begin: (waitedMs) =>
        this.#inner.send({ ...wish, place: bulkhead, patienceMs: patienceMs - waitedMs }, settle),
      refused: (crowded) => {
        // who had no more time than this got no answer in its time: so slow is no upstream that is well
        const late = crowded.kind === 'queue-timeout' && patienceMs <= this.#waitMs;
        const failure = late ? timeoutOf(new URL(wish.upstream).host) : crowded;
        settle({ kind: 'failed', failure, stale: false });
      },
      gone: () => settle({ kind: 'client-gone' }),
    });
  }
}
