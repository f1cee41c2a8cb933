import type { Instance, InstanceVerdict } from '../resilience/balancer.ts';
import type { Upstream } from '../resilience/upstreams.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import type { Attempt, AttemptRequest, Forwarder, Place, Settle } from './forwarder.ts';

export interface SpreadOptions {
  readonly inner: Forwarder;
  readonly upstream: Upstream;
  readonly deadlines: Deadlines;
  readonly wish: AttemptRequest;
  readonly settle: Settle;
}

const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Retries of one moment come back spread over this; the deadlines' look adds some more. */
const jitterMs = 25;

/** With these an instance says itself that it cannot serve. */
export const isGone = (status: number | undefined): boolean =>
  status === 502 || status === 503 || status === 504;

/** What an instance's outcome says of it. */
function verdictOf(attempt: Attempt): InstanceVerdict {
  if (attempt.kind === 'client-gone') return 'unknown';
  if (attempt.kind === 'failed') {
    const { kind } = attempt.failure;
    // an old connection that was just being closed is no failure
    if (attempt.stale) return 'unknown';
    return kind === 'unreachable' || kind === 'timeout' ? 'failed' : 'well';
  }
  return isGone(attempt.answer.status) ? 'failed' : 'well';
}

/** A request to one of several instances; a read that met a dead one goes to another, once, while the budget lasts. */
export class SpreadTry implements Place, Watched {
  due = 0;
  place: number | undefined;
  readonly #options: SpreadOptions;
  readonly #repeatable: boolean;
  readonly #started = performance.now();
  #instance: Instance | undefined;
  /** Why it is asked a second time. */
  #failed: Attempt | undefined;

  constructor(options: SpreadOptions) {
    this.#options = options;
    const { request, once = false, withBody } = options.wish;
    this.#repeatable = !once && !withBody && repeatable.has(request.method ?? 'GET');
  }

  /** With a place in the bulkhead. */
  begin(): void {
    const { balancer } = this.#options.upstream;
    const except = this.#instance;
    const instance = balancer.pick({
      now: performance.now(),
      repeatable: this.#repeatable,
      ...(except && { except }),
    });
    // the other one may be gone by now
    const chosen = instance ?? except;
    if (chosen) this.#send(chosen);
  }

  leave(): void {
    if (this.#instance) this.#instance.active--;
    this.#options.upstream.bulkhead.leave();
  }

  /** The moment of the second try has come. */
  overdue(): void {
    const { deadlines, upstream } = this.#options;
    deadlines.release(this);
    if (upstream.bulkhead.enter()) this.begin();
    else if (this.#failed) this.#end(this.#failed);
  }

  #send(instance: Instance): void {
    const { inner, wish } = this.#options;
    instance.active++;
    this.#instance = instance;
    const patienceMs = wish.patienceMs - (performance.now() - this.#started);
    inner.send({ ...wish, patienceMs, place: this, dial: instance.endpoint }, (attempt) =>
      this.#settled(instance, attempt),
    );
  }

  #settled(instance: Instance, attempt: Attempt): void {
    const { upstream, deadlines } = this.#options;
    upstream.note(instance, verdictOf(attempt));
    if (!this.#mayRepeat(attempt)) return this.#end(attempt);
    this.#failed = attempt;
    upstream.retrying++;
    this.due = performance.now() + Math.random() * jitterMs;
    return deadlines.watch(this);
  }

  #mayRepeat(attempt: Attempt): boolean {
    const { upstream } = this.#options;
    return (
      this.#failed === undefined &&
      this.#repeatable &&
      attempt.kind === 'failed' &&
      !attempt.stale &&
      attempt.failure.kind === 'unreachable' &&
      upstream.balancer.alone === undefined &&
      upstream.mayRetry
    );
  }

  #end(attempt: Attempt): void {
    const { upstream, settle } = this.#options;
    if (this.#failed) upstream.retrying--;
    settle(attempt);
  }
}
