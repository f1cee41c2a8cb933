import { Bulkhead, type BulkheadLimits } from './bulkhead.ts';

/** One address that is asked, with what belongs to it whoever asks. */
export interface Upstream {
  readonly bulkhead: Bulkhead;
}

/** By address: contexts that share one share its bounds. */
export class Upstreams {
  readonly #standard: BulkheadLimits;
  #atATime: ReadonlyMap<string, number> = new Map();
  readonly #all = new Map<string, Upstream>();

  constructor(standard: BulkheadLimits) {
    this.#standard = standard;
  }

  get all(): ReadonlyMap<string, Upstream> {
    return this.#all;
  }

  of(address: string): Upstream {
    let upstream = this.#all.get(address);
    if (!upstream) {
      upstream = { bulkhead: new Bulkhead(this.#limitsOf(address)) };
      this.#all.set(address, upstream);
    }
    return upstream;
  }

  /** What context files say: by address, how many requests at a time. Of several the smallest holds. */
  bound(wanted: readonly { readonly address: string; readonly atATime: number }[]): void {
    const atATime = new Map<string, number>();
    for (const { address, atATime: most } of wanted)
      atATime.set(address, Math.min(most, atATime.get(address) ?? most));
    this.#atATime = atATime;
    for (const [address, { bulkhead }] of this.#all) bulkhead.limits = this.#limitsOf(address);
  }

  #limitsOf(address: string): BulkheadLimits {
    const { atATime, waiting } = this.#standard;
    return { atATime: Math.min(this.#atATime.get(address) ?? atATime, atATime), waiting };
  }
}
