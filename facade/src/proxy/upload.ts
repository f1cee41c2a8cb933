import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A client's body on its way to an upstream. When the upstream wants no more of it, only this stream ends: the client's
 * connection lives on, and what it still sends is read and thrown away, so that it can hear the answer.
 */
export class Upload extends Readable {
  readonly #source: IncomingMessage;
  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause();
  };
  readonly #onEnd = (): void => void this.push(null);
  readonly #onGone = (): void => {
    if (!this.#source.complete) this.destroy(new Error('the client broke off'));
  };

  constructor(source: IncomingMessage) {
    super({ highWaterMark: 65_536 });
    // undici listens only while it has the request: before, in the queue, and after, an error would end the process
    this.on('error', () => {});
    this.#source = source;
    source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onGone);
    source.on('error', this.#onGone);
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const source = this.#source;
    source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onGone);
    source.resume();
    done(error);
  }
}
