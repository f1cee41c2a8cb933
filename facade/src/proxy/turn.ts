import type { EventEmitter } from 'node:events';
import type { Bulkhead, Turn } from '../resilience/bulkhead.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Deadlines, Watched } from './deadlines.ts';

export interface Wish {
  /** Milliseconds that it may wait. */
  readonly withinMs: number;
  /** Closes when the client leaves. */
  readonly client: EventEmitter;
  /** With a place in the bulkhead, which the upstream's part of it gives back. */
  begin(waitedMs: number): void;
  refused(failure: UpstreamFailure): void;
  gone(): void;
}

const crowded = (kind: 'queue-full' | 'queue-timeout', what: string): UpstreamFailure =>
  new UpstreamFailure(kind, `the upstream has all that it is asked at a time, and ${what}`);

/** One that found no place and waits its turn. */
class Waiting implements Turn, Watched {
  due: number;
  place: number | undefined;
  readonly #since = performance.now();
  readonly #bulkhead: Bulkhead;
  readonly #deadlines: Deadlines;
  readonly #wish: Wish;
  readonly #gone = (): void => {
    this.#end();
    this.#wish.gone();
  };

  constructor(bulkhead: Bulkhead, deadlines: Deadlines, wish: Wish) {
    this.#bulkhead = bulkhead;
    this.#deadlines = deadlines;
    this.#wish = wish;
    this.due = this.#since + wish.withinMs;
    deadlines.watch(this);
    wish.client.once('close', this.#gone);
  }

  begin(): void {
    this.#end();
    this.#wish.begin(performance.now() - this.#since);
  }

  overdue(): void {
    this.#end();
    this.#wish.refused(crowded('queue-timeout', 'its turn did not come in time'));
  }

  #end(): void {
    this.#deadlines.release(this);
    this.#bulkhead.withdraw(this);
    this.#wish.client.off('close', this.#gone);
  }
}

/** Where `enter` found no place: in turn, within its time, or not at all. */
export function waitForTurn(bulkhead: Bulkhead, deadlines: Deadlines, wish: Wish): void {
  if (bulkhead.waiting >= bulkhead.limits.waiting)
    return wish.refused(crowded('queue-full', 'too many wait already'));
  bulkhead.queue(new Waiting(bulkhead, deadlines, wish));
}
