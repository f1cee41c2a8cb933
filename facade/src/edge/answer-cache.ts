import type { Side } from '@strangler-toolkit/plan';
import type { CacheAsked, Freshness } from './keepable.ts';

export interface KeptAnswer {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly freshness: Freshness;
}

/** Whose answer it is: another side's, or one of before an ownership changed, is never taken for it. */
export interface CachePlace {
  readonly context: string;
  readonly side: Side;
  readonly epoch: bigint;
  /** Host and target. */
  readonly address: string;
}

/** Answers of one address that differ by what they vary by. */
const mostVariants = 16;
const overhead = 512;
const sizeOf = ({ rawHeaders, body }: KeptAnswer): number =>
  rawHeaders.reduce((sum, text) => sum + text.length, overhead + body.length);

interface ContextAnswers {
  epoch: bigint;
  /** Grows with every write: what was asked before one is not kept after it. */
  writes: number;
  /** Under way. */
  writing: number;
  readonly keys: Set<string>;
}

/** Answers kept for others, the least recently used of them given up first. No clock and no sockets in here. */
export class AnswerCache {
  readonly #maxBytes: number;
  readonly #contexts = new Map<string, ContextAnswers>();
  /** In the order in which they were used. */
  readonly #entries = new Map<string, { readonly context: string; variants: KeptAnswer[] }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(place: CachePlace, asked: CacheAsked): KeptAnswer | undefined {
    if (!this.#isOfNow(place)) return undefined;
    const key = keyOf(place);
    const entry = this.#entries.get(key);
    const found = entry?.variants.find(({ freshness }) => freshness.suits(asked));
    if (!entry || !found) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return found;
  }

  /** Of now: `keep` wants it back, so that a write in between is noticed. */
  writesOf(context: string): number {
    return this.#of(context).writes;
  }

  keep(place: CachePlace, answer: KeptAnswer, writesBefore: number): boolean {
    const { context } = place;
    const { writes, writing } = this.#of(context);
    if (!this.#isOfNow(place) || writing > 0 || writes !== writesBefore) return false;
    if (sizeOf(answer) > this.#maxBytes) return false;
    const key = keyOf(place);
    const before = this.#entries.get(key)?.variants ?? [];
    this.#drop(key);
    const young = before.filter(({ freshness }) => freshness.timeToLive() > 0);
    const variants = [answer, ...young].slice(0, mostVariants);
    this.#entries.set(key, { context, variants });
    this.#of(context).keys.add(key);
    for (const variant of variants) this.#bytes += sizeOf(variant);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
    return true;
  }

  /** Nothing is kept while something of the context is written. Returns what ends that. */
  write(context: string): () => void {
    const known = this.#of(context);
    known.writing++;
    this.forget(context);
    return () => {
      known.writing--;
      known.writes++;
    };
  }

  /** Something of the context was written: what is kept of it may be wrong. */
  forget(context: string): void {
    const known = this.#of(context);
    known.writes++;
    for (const key of known.keys) this.#drop(key);
  }

  #of(context: string): ContextAnswers {
    let known = this.#contexts.get(context);
    if (!known)
      this.#contexts.set(context, (known = { epoch: 0n, writes: 0, writing: 0, keys: new Set() }));
    return known;
  }

  #isOfNow({ context, epoch }: CachePlace): boolean {
    const known = this.#of(context);
    if (epoch > known.epoch) {
      this.forget(context);
      known.epoch = epoch;
    }
    return epoch === known.epoch;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#of(entry.context).keys.delete(key);
    for (const variant of entry.variants) this.#bytes -= sizeOf(variant);
  }
}

const keyOf = ({ context, side, epoch, address }: CachePlace): string =>
  `${context}\n${side}\n${epoch}\n${address}`;
