import type { OwnerState, OwnerStates } from '../ownership/owner-states.ts';

export interface GateLimits {
  /** Writes that may wait per context. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}
export type Admission =
  | {
      readonly admitted: true;
      readonly state: OwnerState;
      readonly leave: () => void;
      readonly waitedMs: number;
    }
  | { readonly admitted: false; readonly reason: 'full' | 'timeout' | 'gone' };

interface Waiter {
  readonly wake: () => void;
}

/**
 * Every write of a replicated context passes here: it waits, its body unread, while its context is held, and is counted while
 * it is under way, so that `drained` can be said with certainty.
 */
export class WriteGate {
  readonly #states: OwnerStates;
  readonly #limits: GateLimits;
  readonly #inFlight = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #onDrained: (context: string) => void;

  constructor(states: OwnerStates, limits: GateLimits, onDrained: (context: string) => void) {
    this.#states = states;
    this.#limits = limits;
    this.#onDrained = onDrained;
    states.on('change', (context) => {
      if (!states.holding(context)) this.#wake(context);
    });
  }

  inFlight(context: string): number {
    return this.#inFlight.get(context) ?? 0;
  }

  waiting(context: string): number {
    return this.#waiting.get(context)?.size ?? 0;
  }

  /** Held and nothing under way. */
  drained(context: string): boolean {
    return this.#states.holding(context) !== undefined && this.inFlight(context) === 0;
  }

  async enter(context: string, signal: AbortSignal): Promise<Admission> {
    const started = performance.now();
    for (;;) {
      if (signal.aborted) return { admitted: false, reason: 'gone' };
      const hold = this.#states.holding(context);
      // from here to the count nothing is awaited: a hold that arrives later finds this write counted
      if (!hold) return this.#admit(context, performance.now() - started);
      const left = this.#limits.maxWaitMs - (performance.now() - started);
      if (left <= 0) return { admitted: false, reason: 'timeout' };
      if (this.waiting(context) >= this.#limits.maxWaiting)
        return { admitted: false, reason: 'full' };
      await this.#wait(context, Math.min(left, hold.until - performance.now() + 1), signal);
    }
  }

  #admit(context: string, waitedMs: number): Admission {
    this.#inFlight.set(context, this.inFlight(context) + 1);
    let left = false;
    return {
      admitted: true,
      state: this.#states.get(context),
      waitedMs,
      leave: () => {
        if (left) return;
        left = true;
        this.#inFlight.set(context, this.inFlight(context) - 1);
        if (this.drained(context)) this.#onDrained(context);
      },
    };
  }

  #wait(context: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(context) ?? new Set<Waiter>();
      this.#waiting.set(context, waiters);
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        waiters.delete(waiter);
        resolve();
      };
      const waiter = { wake };
      const timer = setTimeout(wake, Math.max(ms, 1));
      signal.addEventListener('abort', wake, { once: true });
      waiters.add(waiter);
    });
  }

  #wake(context: string): void {
    for (const waiter of [...(this.#waiting.get(context) ?? [])]) waiter.wake();
  }
}
