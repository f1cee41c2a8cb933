import type pg from 'pg';
import type { Lsn } from '../change-event.ts';
import { ByteCursor } from './byte-cursor.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { postgresEpoch } from './pgoutput-decoder.ts';

export interface WalsenderHandlers {
  /** The cursor stands at a message of the output plugin, `size` bytes long; `lsn` is where it stands in the log. */
  onData(cursor: ByteCursor, lsn: Lsn, size: number): void;
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
  readonly #cursor = new ByteCursor();
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
    this.#splitOff(connection.stream);
    connection.once('replicationStart', () => this.#onStarted());
    connection.once('copyDone', () => this.#end(undefined));
    connection.query(this.#command);
  };

  /** The stream's messages never pass pg's parser, which makes an object and an event of each: rows come too fast for that. */
  #splitOff(stream: pg.Connection['stream']): void {
    const listeners = stream.listeners('data');
    const splitter = new FrameSplitter(
      (bytes, from, to) => this.#onCopyData(bytes, from, to),
      (bytes) => {
        for (const listener of listeners) Reflect.apply(listener, stream, [bytes]);
      },
    );
    stream.removeAllListeners('data');
    let broken = false;
    stream.on('data', (bytes: Buffer) => {
      if (broken) return;
      try {
        splitter.push(bytes);
      } catch (error) {
        broken = true;
        this.#end(error);
      }
    });
  }

  #onCopyData(bytes: Buffer, from: number, to: number): void {
    if (this.#ended) return;
    const cursor = this.#cursor;
    cursor.enter(bytes, from, to);
    const kind = cursor.byte();
    const lsn = cursor.int64();
    if (kind === 0x77) {
      // the end of the log and the server's clock
      cursor.skip(16);
      this.#handlers.onData(cursor, lsn, to - from - 25);
    } else if (kind === 0x6b) {
      cursor.skip(8);
      this.#handlers.onKeepalive(lsn, cursor.byte() === 1);
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
