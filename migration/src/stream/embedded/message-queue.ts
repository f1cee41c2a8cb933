import type { StreamMessage } from '../change-stream.ts';

/** What was read and not yet taken. Says when to stop reading and when to go on. */
export class MessageQueue {
  readonly #high: number;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  #items: { readonly message: StreamMessage; readonly weight: number }[] = [];
  #head = 0;
  #weight = 0;
  #full = false;
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(highWater: number, onFull: () => void, onRoom: () => void) {
    this.#high = highWater;
    this.#onFull = onFull;
    this.#onRoom = onRoom;
  }

  push(message: StreamMessage, bytes: number): void {
    const last = this.#items.length > this.#head ? this.#items.at(-1) : undefined;
    // Only the newest idle position says anything.
    if (message.kind === 'idle' && last?.message.kind === 'idle') this.#items[this.#items.length - 1] = { message, weight: last.weight };
    else {
      // Objects weigh more than their bytes: without it a million empty transactions would count as nothing.
      const weight = bytes + 200;
      this.#items.push({ message, weight });
      this.#weight += weight;
    }
    if (!this.#full && this.#weight >= this.#high) {
      this.#full = true;
      this.#onFull();
    }
    this.#wake?.();
  }

  /** What was read before the end is still handed out; then `error` is thrown, or the iteration ends. */
  end(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** Forgets what was read and not taken. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#weight = 0;
  }

  async next(): Promise<IteratorResult<StreamMessage, undefined>> {
    for (;;) {
      const item = this.#items[this.#head];
      if (item) {
        this.#head += 1;
        if (this.#head > 1024 || this.#head === this.#items.length) {
          this.#items = this.#items.slice(this.#head);
          this.#head = 0;
        }
        this.#weight -= item.weight;
        if (this.#full && this.#weight <= this.#high / 2) {
          this.#full = false;
          this.#onRoom();
        }
        return { done: false, value: item.message };
      }
      if (this.#end) {
        const { error } = this.#end;
        if (error === undefined) return { done: true, value: undefined };
        throw error;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
