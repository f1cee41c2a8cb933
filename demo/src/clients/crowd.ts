import { Ledger } from './ledger.ts';
import { Reader } from './reader.ts';
import { newCounts, Traffic, type TrafficCounts } from './traffic.ts';
import { Writer } from './writer.ts';

export interface CrowdOptions {
  readonly facades: readonly string[];
  readonly writers: number;
  readonly readers: number;
  /** Pause between two steps of one client, milliseconds. */
  readonly writerPauseMs: number;
  readonly readerPauseMs: number;
  readonly forgiving?: boolean;
  readonly seed?: number;
  /** Clients pause so many times as long (default 1). */
  readonly pace?: number;
}

type Kind = 'readers' | 'writers';

/** Small and repeatable; the same seed gives the same clients. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Clients that use the shop until they are told to stop. */
export class Crowd {
  readonly counts: TrafficCounts = newCounts();
  readonly ledger = new Ledger();
  readonly #running: Promise<void>[] = [];
  #stopped = false;
  readonly #pace: Record<Kind, number>;

  constructor(options: CrowdOptions) {
    const { pace = 1 } = options;
    this.#pace = { readers: pace, writers: pace };
    const seed = options.seed ?? 20_261_121;
    const run = `${process.pid.toString(36)}${Date.now().toString(36)}`;
    for (let number = 1; number <= options.writers; number++) {
      const writer = new Writer({
        traffic: new Traffic(this.#rotated(options.facades, number), this.counts),
        ledger: this.ledger,
        token: `demo-token-${number}`,
        name: `w${number}-${run}`,
        random: randomFrom(seed + number),
        ...(options.forgiving ? { forgiving: true } : {}),
      });
      this.#running.push(this.#loop('writers', () => writer.step(), options.writerPauseMs));
    }
    for (let number = 1; number <= options.readers; number++) {
      const reader = new Reader({
        traffic: new Traffic(this.#rotated(options.facades, number), this.counts),
        ledger: this.ledger,
        random: randomFrom(seed + 1_000 + number),
        ...(options.forgiving ? { forgiving: true } : {}),
      });
      this.#running.push(this.#loop('readers', () => reader.step(), options.readerPauseMs));
    }
  }

  #rotated(facades: readonly string[], by: number): string[] {
    return facades.map((_, index) => facades[(index + by) % facades.length] ?? '');
  }

  async #loop(kind: Kind, step: () => Promise<void>, pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      await step();
      await new Promise((resolve) => setTimeout(resolve, pauseMs * this.#pace[kind]));
    }
  }

  /** Where somebody waits for them, clients of this kind pause no longer than usual. */
  async hurried<T>(kind: Kind, meanwhile: () => Promise<T>): Promise<T> {
    const usual = this.#pace[kind];
    this.#pace[kind] = Math.min(usual, 1);
    try {
      return await meanwhile();
    } finally {
      this.#pace[kind] = usual;
    }
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}
