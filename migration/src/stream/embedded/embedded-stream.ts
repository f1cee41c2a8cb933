import type pg from 'pg';
import type { Lsn } from '../change-event.ts';
import type { ChangeStream, StreamMessage } from '../change-stream.ts';
import { MessageQueue } from '../message-queue.ts';
import { streamFailure } from './open-slot.ts';
import { decodePgoutput } from './pgoutput-decoder.ts';
import { type ChunkLimits, TransactionBuilder } from './transaction-builder.ts';
import { Walsender } from './walsender.ts';

export interface EmbeddedStreamSettings {
  readonly client: pg.Client;
  readonly slot: string;
  readonly database: string;
  readonly command: string;
  readonly from: Lsn;
  readonly limits: ChunkLimits;
  readonly highWaterBytes: number;
  readonly feedbackMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One walsender connection as a ChangeStream. */
export class EmbeddedStream implements ChangeStream {
  readonly #settings: EmbeddedStreamSettings;
  readonly #queue: MessageQueue;
  readonly #builder: TransactionBuilder;
  readonly #walsender: Walsender;
  #timer: NodeJS.Timeout | undefined;
  #received: Lsn;
  #acknowledged: Lsn;
  #closing: Promise<void> | undefined;
  #failStart: ((error: unknown) => void) | undefined;
  readonly #onAbort = (): void => void this.close();

  constructor(settings: EmbeddedStreamSettings) {
    this.#settings = settings;
    this.#received = settings.from;
    this.#acknowledged = settings.from;
    // The feedback timer goes on while reading is paused: a slow consumer must not look dead to the server.
    this.#queue = new MessageQueue(
      settings.highWaterBytes,
      () => this.#walsender.pause(),
      () => this.#walsender.resume(),
    );
    this.#builder = new TransactionBuilder(settings.database, settings.limits, (message, bytes) =>
      this.#queue.push(message, bytes),
    );
    this.#walsender = new Walsender(settings.command, {
      onData: (cursor, lsn, size) => {
        if (this.#closing) return;
        if (lsn > this.#received) this.#received = lsn;
        this.#builder.take(decodePgoutput(cursor), lsn, size);
      },
      onKeepalive: (walEnd, replyRequested) => {
        if (walEnd > this.#received) this.#received = walEnd;
        if (replyRequested) this.#feedback(false);
        // Within a transaction the position is past changes that were not sent yet.
        if (!this.#closing && !this.#builder.inTransaction && walEnd > 0n)
          this.#queue.push({ kind: 'idle', lsn: walEnd }, 0);
      },
      onEnd: (error) => this.#onEnd(error),
    });
  }

  async start(): Promise<void> {
    const { client, feedbackMs, signal } = this.#settings;
    const failed = new Promise<never>((_resolve, reject) => {
      this.#failStart = reject;
    });
    client.query(this.#walsender);
    await Promise.race([this.#walsender.started, failed]);
    this.#failStart = undefined;
    this.#timer = setInterval(() => this.#feedback(false), feedbackMs);
    this.#feedback(true);
    if (signal?.aborted) await this.close();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  acknowledge(lsn: Lsn): void {
    if (lsn <= this.#acknowledged) return;
    this.#acknowledged = lsn;
    this.#feedback(false);
  }

  probe(): void {
    this.#feedback(true);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  take(): Promise<readonly StreamMessage[]> {
    return this.#queue.take();
  }

  [Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    return this.#queue[Symbol.asyncIterator]();
  }

  #feedback(requestReply: boolean): void {
    this.#walsender.feedback(
      this.#received > this.#acknowledged ? this.#received : this.#acknowledged,
      this.#acknowledged,
      { requestReply },
    );
  }

  #onEnd(error: unknown): void {
    clearInterval(this.#timer);
    if (this.#failStart) this.#failStart(error);
    else if (!this.#closing) this.#queue.end(streamFailure(error, this.#settings.slot));
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    this.#queue.clear();
    this.#queue.end(undefined);
    this.#feedback(false);
    // Reading on lets a server that is blocked in sending see the end.
    this.#walsender.resume();
    const patience = setTimeout(() => this.#walsender.destroy(), 1000);
    await this.#settings.client.end().catch(() => {});
    clearTimeout(patience);
  }
}
