import type { StreamMessage } from '../stream/change-stream.ts';

/**
 * Between the reader and the applier. While one batch is applied the next gathers, so batches are as large as the load makes
 * them and a single change never waits.
 */
export class MessageBuffer {
  readonly #limit: number;
  #messages: StreamMessage[] = [];
  #events = 0;
  #ended: { readonly error: unknown } | null = null;
  #wake: (() => void)[] = [];

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  async push(message: StreamMessage): Promise<void> {
    while (this.#events >= this.#limit && this.#ended === null) await this.changed();
    const last = this.#messages.at(-1);
    // only the newest idle position matters
    if (message.kind === 'idle' && last?.kind === 'idle') this.#messages.pop();
    this.#messages.push(message);
    if (message.kind === 'changes') this.#events += message.events.length;
    this.#notify();
  }

  /** What waits after the end is still to be taken, unless it ended with an error. */
  end(error: unknown = undefined): void {
    this.#ended ??= { error };
    this.#notify();
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Whole transactions, or a part of one that is larger than the buffer. Empty when the stream ended. */
  async take(): Promise<StreamMessage[]> {
    for (;;) {
      if (this.#ended !== null && this.#ended.error !== undefined) throw this.#ended.error;
      const last = this.#messages.findLastIndex((message) => message.kind === 'commit' || message.kind === 'idle');
      const count = last >= 0 ? last + 1 : this.#events >= this.#limit / 2 ? this.#messages.length : 0;
      if (count > 0) {
        const taken = this.#messages.slice(0, count);
        this.#messages = this.#messages.slice(count);
        this.#events = this.#messages.reduce((sum, message) => sum + (message.kind === 'changes' ? message.events.length : 0), 0);
        this.#notify();
        return taken;
      }
      if (this.#ended !== null) return [];
      await this.changed();
    }
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
