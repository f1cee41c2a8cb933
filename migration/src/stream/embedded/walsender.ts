import type pg from 'pg';
import type { Lsn } from '../change-event.ts';
import { postgresEpoch } from './pgoutput-decoder.ts';

export interface WalsenderHandlers {
  /** `bytes` from `at` on is one message of the output plugin. */
  onData(bytes: Buffer, at: number, lsn: Lsn): void;
  /** The server has read its log up to `walEnd` and sent all it had to send before it. */
  onKeepalive(walEnd: Lsn, replyRequested: boolean): void;
  /** Once: the stream is over. `undefined` when the server ended it in order (shutdown). */
  onEnd(error: unknown): void;
}

/** How pg sees a running query; the methods that START_REPLICATION can cause. */
export class Walsender implements pg.Submittable {
  readonly #command: string;
  readonly #handlers: WalsenderHandlers;
  #connection: pg.Connection | undefined;
  #ended = false;
  readonly started: Promise<void>;
  #onStarted: () => void = () => {};

  constructor(command: string, handlers: WalsenderHandlers) {
    this.#command = command;
    this.#handlers = handlers;
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
  }

  submit = (connection: pg.Connection): void => {
    this.#connection = connection;
    connection.once('replicationStart', () => this.#onStarted());
    connection.once('copyDone', () => this.#end(undefined));
    connection.query(this.#command);
  };

  handleCopyData(message: { chunk: Buffer }): void {
    if (this.#ended) return;
    const { chunk } = message;
    try {
      if (chunk[0] === 0x77) this.#handlers.onData(chunk, 25, chunk.readBigUInt64BE(1));
      else if (chunk[0] === 0x6b) this.#handlers.onKeepalive(chunk.readBigUInt64BE(1), chunk[17] === 1);
    } catch (error) {
      this.#end(error);
    }
  }

  handleError(error: unknown): void {
    this.#end(error);
  }

  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {
    this.#end(undefined);
  }

  /** Standby status update: the only thing that moves the slot, and what keeps the server from giving us up. */
  feedback(received: Lsn, durable: Lsn, options: { readonly requestReply: boolean }): void {
    const stream = this.#connection?.stream;
    if (!stream?.writable) return;
    const frame = Buffer.allocUnsafe(39);
    frame.write('d', 0, 'latin1');
    frame.writeInt32BE(38, 1);
    frame.write('r', 5, 'latin1');
    frame.writeBigUInt64BE(received, 6);
    frame.writeBigUInt64BE(durable, 14);
    frame.writeBigUInt64BE(durable, 22);
    frame.writeBigInt64BE(BigInt(Date.now()) * 1000n - postgresEpoch, 30);
    frame.writeUInt8(options.requestReply ? 1 : 0, 38);
    stream.write(frame);
  }

  pause(): void {
    this.#connection?.stream.pause();
  }

  resume(): void {
    this.#connection?.stream.resume();
  }

  destroy(): void {
    this.#ended = true;
    this.#connection?.stream.destroy();
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.onEnd(error);
  }
}
