import type { Lsn } from '../stream/change-event.ts';

/** The newest commit positions that passed, in order: enough to know a transaction that comes again. Its size never changes. */
export class RecentCommits {
  readonly #ring: BigUint64Array;
  #count = 0;
  #last: Lsn = 0n;

  constructor(size = 10_000) {
    this.#ring = new BigUint64Array(size);
  }

  get last(): Lsn {
    return this.#last;
  }

  add(commitLsn: Lsn): void {
    this.#ring[this.#count % this.#ring.length] = commitLsn;
    this.#count += 1;
    this.#last = commitLsn;
  }

  has(commitLsn: Lsn): boolean {
    return (
      commitLsn === this.#last ||
      this.#ring.subarray(0, Math.min(this.#count, this.#ring.length)).includes(commitLsn)
    );
  }

  clear(): void {
    this.#count = 0;
    this.#last = 0n;
  }
}
