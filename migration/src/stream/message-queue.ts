import type { StreamMessage } from './change-stream.ts';

/** What was read and not yet taken. Says when to stop reading and when to go on. */
export class MessageQueue {
  readonly #high: number;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  #items: StreamMessage[] = [];
  #weights: number[] = [];
  #head = 0;
  #weight = 0;
  #full = false;
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  /** `highWater`: bytes that may wait. */
  constructor(highWater: number, onFull: () => void, onRoom: () => void) {
    this.#high = highWater;
    this.#onFull = onFull;
    this.#onRoom = onRoom;
  }

  push(message: StreamMessage, bytes: number): void {
    const last = this.#items.length - 1;
    // Only the newest idle position says anything.
    if (message.kind === 'idle' && last >= this.#head && this.#items[last]?.kind === 'idle')
      this.#items[last] = message;
    else {
      // Objects weigh more than their bytes: without it a million empty transactions would count as nothing.
      const weight = bytes + 200;
      this.#items.push(message);
      this.#weights.push(weight);
      this.#weight += weight;
    }
    if (!this.#full && this.#weight >= this.#high) {
      this.#full = true;
      this.#onFull();
    }
    this.#notify();
  }

  /** What was read before the end is still handed out; then `error` is thrown, or the stream is over. */
  end(error: unknown): void {
    this.#end ??= { error };
    this.#notify();
  }

  /** Forgets what was read and not taken. */
  clear(): void {
    this.#items = [];
    this.#weights = [];
    this.#head = 0;
    this.#weight = 0;
  }

  /** Everything that waits, at least one message; nothing when the stream is over. */
  async take(): Promise<readonly StreamMessage[]> {
    if (!(await this.#some())) return [];
    const taken = this.#head === 0 ? this.#items : this.#items.slice(this.#head);
    this.clear();
    this.#room();
    return taken;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    while (await this.#some()) {
      const message = this.#items[this.#head];
      if (message === undefined) continue;
      this.#weight -= this.#weights[this.#head] ?? 0;
      this.#head += 1;
      if (this.#head > 1024 || this.#head === this.#items.length) {
        this.#items = this.#items.slice(this.#head);
        this.#weights = this.#weights.slice(this.#head);
        this.#head = 0;
      }
      this.#room();
      yield message;
    }
  }

  /** False when nothing waits and nothing more will come. */
  async #some(): Promise<boolean> {
    for (;;) {
      if (this.#items.length > this.#head) return true;
      if (this.#end) {
        if (this.#end.error === undefined) return false;
        throw this.#end.error;
      }
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
    }
  }

  #room(): void {
    if (!this.#full || this.#weight > this.#high / 2) return;
    this.#full = false;
    this.#onRoom();
  }

  #notify(): void {
    if (this.#wake.length === 0) return;
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
