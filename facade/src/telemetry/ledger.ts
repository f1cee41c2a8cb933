/**
 * Numbers on their way to the control database: added up in memory, sent each second, kept while it is down, bounded. What is
 * being sent is not in the book; a failed sending puts it back.
 */
export class Ledger<T> {
  readonly #keyOf: (entry: T) => string;
  readonly #merge: (into: T, more: T) => void;
  readonly #limit: number;
  readonly #onDrop: (count: number) => void;
  #book = new Map<string, T>();

  constructor(options: {
    keyOf: (entry: T) => string;
    merge: (into: T, more: T) => void;
    limit: number;
    onDrop: (count: number) => void;
  }) {
    this.#keyOf = options.keyOf;
    this.#merge = options.merge;
    this.#limit = options.limit;
    this.#onDrop = options.onDrop;
  }

  get size(): number {
    return this.#book.size;
  }

  /** To be added to in place; undefined when there is none yet. */
  get(key: string): T | undefined {
    return this.#book.get(key);
  }

  add(entry: T): void {
    const key = this.#keyOf(entry);
    const known = this.#book.get(key);
    if (known) {
      this.#merge(known, entry);
      return;
    }
    this.#book.set(key, entry);
    if (this.#book.size <= this.#limit) return;
    const oldest = this.#book.keys().next().value;
    if (oldest !== undefined) this.#book.delete(oldest);
    this.#onDrop(1);
  }

  /** @throws what `send` throws, with nothing lost */
  async flush(send: (entries: readonly T[]) => Promise<void>): Promise<void> {
    if (this.#book.size === 0) return;
    const sending = this.#book;
    this.#book = new Map();
    try {
      await send([...sending.values()]);
    } catch (error) {
      const newer = this.#book;
      this.#book = sending;
      for (const entry of newer.values()) this.add(entry);
      throw error;
    }
  }
}
