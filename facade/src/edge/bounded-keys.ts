import { createHash } from 'node:crypto';

/** Keys that share a place when there is none of their own. */
const shared = 1_024;

/**
 * So many keys, each for its time; what comes over that shares a place with others, so that whoever invents identities fills
 * no memory, and is counted all the same.
 */
export class BoundedKeys {
  readonly #until = new Map<string, number>();
  readonly #most: number;
  readonly #forMs: number;

  constructor(most: number, forMs: number) {
    this.#most = most;
    this.#forMs = forMs;
  }

  get size(): number {
    return this.#until.size;
  }

  of(key: string, now: number): string {
    const until = this.#until.get(key);
    if (until !== undefined && until > now) return key;
    this.#until.delete(key);
    // in the order in which they came, which is that in which they end
    for (const [old, end] of this.#until) {
      if (end > now) break;
      this.#until.delete(old);
    }
    if (this.#until.size >= this.#most)
      return `shared ${createHash('sha256').update(key).digest().readUInt16BE(0) % shared}`;
    this.#until.set(key, now + this.#forMs);
    return key;
  }
}
