import type { ChangeStream, StreamMessage } from '../stream/change-stream.ts';

/**
 * Between the stream and the applier. While one batch is applied the next gathers in the stream, so batches are as large as
 * the load makes them and a single change never waits.
 */
export class MessageBuffer {
  readonly #stream: Pick<ChangeStream, 'take'>;
  readonly #limit: number;
  readonly #sizeLimit: number;
  /** The beginning of a transaction whose end has not come. */
  #rest: readonly StreamMessage[] = [];
  #events = 0;
  #size = 0;
  #coming: Promise<readonly StreamMessage[]> | undefined;

  /** `limit` and `sizeLimit`: events of one transaction, and bytes of them, that may be held until its end comes. */
  constructor(stream: Pick<ChangeStream, 'take'>, limit = 10_000, sizeLimit = 32_000_000) {
    this.#stream = stream;
    this.#limit = limit;
    this.#sizeLimit = sizeLimit;
  }

  /** Whole transactions, or a part of one that is larger than the limit. Empty when the stream is over. */
  async take(): Promise<readonly StreamMessage[]> {
    for (;;) {
      const came = await this.coming();
      this.#coming = undefined;
      if (came.length === 0) return came;
      const messages = this.#rest.length === 0 ? came : [...this.#rest, ...came];
      const whole = messages.findLastIndex(({ kind }) => kind === 'commit' || kind === 'idle') + 1;
      if (whole > 0) return this.#keep(messages, whole);
      this.#events += countOf(came);
      this.#size += sizeOf(came);
      if (this.#events >= this.#limit || this.#size >= this.#sizeLimit)
        return this.#keep(messages, messages.length);
      this.#rest = messages;
    }
  }

  /** Ends when there is something to take. */
  coming(): Promise<readonly StreamMessage[]> {
    this.#coming ??= this.#stream.take();
    return this.#coming;
  }

  #keep(messages: readonly StreamMessage[], from: number): readonly StreamMessage[] {
    this.#rest = messages.slice(from);
    this.#events = countOf(this.#rest);
    this.#size = sizeOf(this.#rest);
    return from === messages.length ? messages : messages.slice(0, from);
  }
}

const countOf = (messages: readonly StreamMessage[]): number =>
  messages.reduce(
    (sum, message) => sum + (message.kind === 'changes' ? message.events.length : 0),
    0,
  );

/** A few thousand rows of a megabyte each would not fit into memory. */
const sizeOf = (messages: readonly StreamMessage[]): number =>
  messages.reduce((sum, message) => sum + (message.kind === 'changes' ? message.size : 0), 0);
