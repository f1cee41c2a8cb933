import { type Side, STAND_INS_SECONDS, type StandInsSeen } from '@strangler-toolkit/plan';

interface Noted {
  readonly context: string;
  readonly side: Side;
  readonly second: number;
  reads: number;
}

/** Reads that were answered for a dead owner, as long as they are news. */
export class StandIns {
  #noted: Noted[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  note(context: string, side: Side): void {
    const second = Math.floor(this.#now() / 1_000);
    const known = this.#noted.find(
      (noted) => noted.second === second && noted.context === context && noted.side === side,
    );
    if (known) known.reads++;
    else this.#noted = [...this.#current(), { context, side, second, reads: 1 }];
  }

  /** By context; undefined: none of any. Of the side that answered last, where both did. */
  get recent(): Readonly<Record<string, StandInsSeen>> | undefined {
    this.#noted = this.#current();
    const all: Record<string, StandInsSeen> = {};
    for (const { context, side, reads } of this.#noted) {
      const before = all[context];
      all[context] = { side, reads: (before?.side === side ? before.reads : 0) + reads };
    }
    return this.#noted.length === 0 ? undefined : all;
  }

  #current(): Noted[] {
    const since = Math.floor(this.#now() / 1_000) - STAND_INS_SECONDS;
    return this.#noted.filter(({ second }) => second > since);
  }
}
