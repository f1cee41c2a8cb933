/**
 * Work that nobody waits for: bounded in number, bytes and concurrency. What does not fit is refused, what throws is counted.
 * `gapMs`: asked at each start, how long the next one is put off.
 */
export class ShadowQueue {
  readonly #limits: {
    readonly maxJobs: number;
    readonly maxBytes: number;
    readonly concurrency: number;
  };
  readonly #onCrash: (error: unknown) => void;
  readonly #gapMs: () => number;
  readonly #waiting: { readonly bytes: number; readonly run: () => Promise<void> }[] = [];
  #running = 0;
  #bytes = 0;
  #closed = false;
  /** Until it ends, nothing more begins. */
  #gap: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(
    limits: { maxJobs: number; maxBytes: number; concurrency: number },
    onCrash: (error: unknown) => void,
    gapMs: () => number = () => 0,
  ) {
    this.#limits = limits;
    this.#onCrash = onCrash;
    this.#gapMs = gapMs;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Room for one more of this size? Asked before a body is collected. */
  fits(bytes: number): boolean {
    return (
      !this.#closed &&
      this.#waiting.length < this.#limits.maxJobs &&
      this.#bytes + bytes <= this.#limits.maxBytes
    );
  }

  offer(bytes: number, run: () => Promise<void>): boolean {
    if (!this.fits(bytes)) return false;
    this.#bytes += bytes;
    this.#waiting.push({ bytes, run });
    // never in the turn that serves the client
    setImmediate(() => this.#pump());
    return true;
  }

  /** Drops what waits; resolves when what runs has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    clearTimeout(this.#gap);
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    while (this.#running < this.#limits.concurrency && this.#gap === undefined) {
      const job = this.#waiting.shift();
      if (!job) break;
      this.#running++;
      void this.#run(job);
      this.#keepDistance(this.#gapMs());
    }
  }

  #keepDistance(milliseconds: number): void {
    if (milliseconds === 0) return;
    this.#gap = setTimeout(() => {
      this.#gap = undefined;
      this.#pump();
    }, milliseconds).unref();
  }

  async #run(job: { readonly bytes: number; readonly run: () => Promise<void> }): Promise<void> {
    try {
      await job.run();
    } catch (error) {
      this.#onCrash(error);
    }
    this.#running--;
    this.#bytes -= job.bytes;
    if (this.#running === 0) for (const done of this.#idle.splice(0)) done();
    this.#pump();
  }
}
