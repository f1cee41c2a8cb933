import { WORKER_DEAD_SECONDS } from '@strangler-toolkit/plan';

const everyMs = (WORKER_DEAD_SECONDS * 1000) / 5;
const atMostEveryMs = 200;

/** Tells again and again, also when nothing happens, and one telling after the other: an old one never overtakes a new one. */
export class Beat {
  readonly #tell: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #telling: Promise<void> | undefined;
  #told = 0;

  constructor(tell: () => Promise<void>) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.#beat(), everyMs);
  }

  /** There is something new; not told more often than people can read. */
  now(): void {
    if (performance.now() - this.#told >= atMostEveryMs) this.#beat();
  }

  /** Nothing is told any more when this resolves. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#telling;
  }

  #beat(): void {
    if (this.#telling !== undefined) return;
    this.#told = performance.now();
    this.#telling = this.#tell()
      .catch(() => undefined)
      .finally(() => {
        this.#telling = undefined;
      });
  }
}
