import type { Lsn } from '../change-event.ts';
import type { ChangeStream, StreamMessage } from '../change-stream.ts';
import { MessageQueue } from '../message-queue.ts';
import { Checkpoints, type CheckpointSources } from './checkpoints.ts';
import type { KafkaChange, TopicReader } from './kafka-change.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { TransactionAssembler, type TransactionEnd } from './transaction-assembler.ts';
import { TransactionMessages } from './transaction-messages.ts';

export interface KafkaStreamSettings extends CheckpointSources {
  readonly database: string;
  readonly from: Lsn;
  readonly highWaterBytes: number;
}

/** Messages of a partition that wait before it is paused. */
const queueLimit = { changes: 4000, bytes: 4_000_000 };
const endsLimit = 20_000;

/** Debezium's topics as a ChangeStream. */
export class KafkaStream implements ChangeStream {
  readonly #settings: KafkaStreamSettings;
  readonly #queue: MessageQueue;
  readonly #assembler: TransactionAssembler<KafkaChange>;
  readonly #checkpoints: Checkpoints;
  readonly #messages: TransactionMessages;
  #reader: TopicReader | undefined;
  #full = false;
  #endsHeld = false;
  #closing: Promise<void> | undefined;
  #failed = false;
  #pumping = false;
  #asking = false;

  constructor(settings: KafkaStreamSettings) {
    this.#settings = settings;
    this.#checkpoints = new Checkpoints(settings);
    this.#queue = new MessageQueue(
      settings.highWaterBytes,
      () => (this.#full = true),
      () => {
        this.#full = false;
        // Not from within `take`: what is pumped belongs to the next one.
        queueMicrotask(() => this.pump());
      },
    );
    this.#messages = new TransactionMessages({
      database: settings.database,
      queue: this.#queue,
      checkpoints: this.#checkpoints,
      moreWaits: () => this.#assembler.waitingEnds > 0,
    });
    this.#assembler = new TransactionAssembler(
      settings.queues,
      Number(settings.from),
      this.#messages,
    );
  }

  start(reader: TopicReader): void {
    this.#reader = reader;
  }

  /** Nothing more is given out, and nothing more needs to be read. */
  get over(): boolean {
    return this.#failed || this.#closing !== undefined;
  }

  get incomplete(): TransactionAssembler<KafkaChange>['incomplete'] {
    return this.#assembler.incomplete;
  }

  add(queue: PartitionQueue<KafkaChange>, change: KafkaChange): void {
    this.#assembler.add(queue, change);
    if (!queue.paused && (queue.length >= queueLimit.changes || queue.bytes >= queueLimit.bytes)) {
      queue.paused = true;
      this.#reader?.hold(queue);
    }
  }

  addEnd(end: TransactionEnd): void {
    this.#assembler.addEnd(end);
    if (!this.#endsHeld && this.#assembler.waitingEnds >= endsLimit) {
      this.#endsHeld = true;
      this.#reader?.holdEnds();
    }
  }

  /** Gives out what became complete. */
  pump(): void {
    if (this.#pumping || this.over) return;
    this.#pumping = true;
    try {
      this.#assembler.pump(() => this.#full);
    } catch (error) {
      this.fail(error);
      return;
    } finally {
      this.#pumping = false;
    }
    this.#messages.flush();
    this.#ask();
    for (const queue of this.#settings.queues) {
      if (
        !queue.paused ||
        queue.length >= queueLimit.changes / 2 ||
        queue.bytes >= queueLimit.bytes / 2
      )
        continue;
      queue.paused = false;
      this.#reader?.release(queue);
    }
    if (this.#endsHeld && this.#assembler.waitingEnds < endsLimit / 2) {
      this.#endsHeld = false;
      this.#reader?.releaseEnds();
    }
  }

  /** Only Kafka knows whether something came again behind what was read. */
  #ask(): void {
    const waiting = this.#assembler.unsettled;
    if (waiting === null || this.#asking || this.#reader === undefined) return;
    this.#asking = true;
    const topics = [...new Set(waiting.queues.map(({ topic }) => topic))];
    this.#reader
      .newest(topics)
      .then(
        (newest) => this.#assembler.settle(waiting.end, newest),
        (error: unknown) => this.fail(error),
      )
      .finally(() => {
        this.#asking = false;
        this.pump();
      });
  }

  fail(error: unknown): void {
    if (this.over) return;
    // What failed may lie in the middle of a transaction: its later changes must not follow as if it had not been there.
    this.#failed = true;
    this.#queue.end(error);
  }

  take(): Promise<readonly StreamMessage[]> {
    return this.#queue.take();
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamMessage> {
    return this.#queue[Symbol.asyncIterator]();
  }

  acknowledge(): void {
    this.#checkpoints.stored();
    this.#reader?.commit(this.#checkpoints.reported);
  }

  probe(): void {
    this.#reader?.beat();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#queue.clear();
    this.#queue.end(undefined);
    await this.#reader?.close();
  }
}
