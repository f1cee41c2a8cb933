/** Bounds of what one upstream is asked at a time. */
export interface BulkheadLimits {
  readonly atATime: number;
  readonly waiting: number;
}

/** Somebody whose turn comes when a place is free. */
export interface Turn {
  begin(): void;
}

/**
 * So many requests are at one upstream at a time, and so many more wait their turn: a slow one takes these along and no others.
 * A request costs two counts; only who waits has an object.
 */
export class Bulkhead {
  #limits: BulkheadLimits;
  #inFlight = 0;
  #giving = false;
  readonly #waiting: Turn[] = [];

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get limits(): BulkheadLimits {
    return this.#limits;
  }

  /** Of new context files; who is in stays in. */
  set limits(limits: BulkheadLimits) {
    this.#limits = limits;
    this.#give();
  }

  /** True: a place is taken, and `leave` gives it back. */
  enter(): boolean {
    if (this.#inFlight >= this.#limits.atATime) return false;
    this.#inFlight++;
    return true;
  }

  /** False: too many wait already. */
  queue(turn: Turn): boolean {
    if (this.#waiting.length >= this.#limits.waiting) return false;
    this.#waiting.push(turn);
    return true;
  }

  withdraw(turn: Turn): void {
    const index = this.#waiting.indexOf(turn);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  leave(): void {
    this.#inFlight--;
    this.#give();
  }

  /** A turn that is over at once must not call the next one from inside: a thousand of them are a thousand frames. */
  #give(): void {
    if (this.#giving) return;
    this.#giving = true;
    try {
      while (this.#waiting.length > 0 && this.enter()) this.#waiting.shift()?.begin();
    } finally {
      this.#giving = false;
    }
  }
}
