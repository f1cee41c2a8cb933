/** Something that must not take longer than until `due`. */
export interface Watched {
  /** On this process's monotonic clock, milliseconds; may be moved at any time. */
  due: number;
  /** Called once per look while it is overdue, until it is let go or its time is moved. */
  overdue(now: number): void;
}

const lookEveryMs = 50;

/** One timer for everything that waits: a request costs an entry in a set, and its deadline is kept to within a look. */
export class Deadlines {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  watch(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
  }

  release(watched: Watched): void {
    this.#watched.delete(watched);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #look(): void {
    const now = performance.now();
    for (const watched of this.#watched) if (watched.due <= now) watched.overdue(now);
  }
}
