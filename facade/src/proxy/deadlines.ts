/** Something that must not take longer than until `due`. */
export interface Watched {
  /** On this process's monotonic clock, milliseconds; may be moved at any time. */
  due: number;
  /** Where it stands among the watched; undefined while it is not. */
  place: number | undefined;
  /** Called once per look while it is overdue, until it is let go or its time is moved. */
  overdue(now: number): void;
}

const lookEveryMs = 50;

/**
 * One timer for everything that waits: a request costs a place in a list, and its deadline is kept to within a look.
 *
 * Not a `Set`: that leaves what was deleted in its table until it makes a new one, and old tables stay in old memory, so that
 * the garbage collector carried every request along. It cost more than all else that the facade does for a request.
 */
export class Deadlines {
  readonly #places: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  watch(watched: Watched): void {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = watched;
    watched.place = place;
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
  }

  release(watched: Watched): void {
    const { place } = watched;
    if (place === undefined || this.#places[place] !== watched) return;
    this.#places[place] = undefined;
    this.#free.push(place);
    watched.place = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#places.length = 0;
    this.#free.length = 0;
  }

  #look(): void {
    const now = performance.now();
    for (const watched of this.#places)
      if (watched !== undefined && watched.due <= now) watched.overdue(now);
  }
}
