import type { Operation } from '../change-event.ts';

/** What the order of row events is decided by; the rest of the message is carried along. */
export interface QueuedChange {
  readonly op: Operation;
  /** Transaction id; null for a row of an incremental snapshot, which belongs to no transaction. */
  readonly xid: number | null;
  /** `transaction.total_order`, from 1. */
  readonly order: number;
  /** What tells it from other changes of its transaction (`changeMark`). */
  readonly mark: number;
  /** Place of its record in the log; rows of one COPY share it, as do the halves of a change of key. */
  readonly lsn: number | null;
  /** Of the connector's start that sent it, where Kafka tells. */
  readonly producer?: string | undefined;
  /** End of the commit before this transaction (first of `source.sequence`), 0 when none is known. */
  readonly previous: number;
  /** Offset of the message; the consumer goes on at `next`, which is past the tombstones behind it. */
  readonly offset: number;
  readonly bytes: number;
}

/** Messages of one partition that wait for their transaction. */
export class PartitionQueue<Change extends QueuedChange> {
  readonly topic: string;
  readonly partition: number;
  /** `schema.table`. */
  readonly table: string;
  /** Name in the checkpoint. */
  readonly name: string;
  #items: Change[] = [];
  #head = 0;
  #bytes = 0;
  /** Offset behind the newest message that was received. */
  received: number;
  /** Everything before this offset is part of transactions that were handed out, or was not needed. */
  consumed: number;
  /** Order in the current transaction under which its first change waits to be picked up; 0: none does. */
  waiting = 0;
  paused = false;

  constructor(topic: string, partition: number, table: string, offset: number) {
    this.topic = topic;
    this.partition = partition;
    this.table = table;
    this.name = `${topic}/${partition}`;
    this.received = offset;
    this.consumed = offset;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get head(): Change | undefined {
    return this.#items[this.#head];
  }

  push(change: Change): void {
    this.#items.push(change);
    this.#bytes += change.bytes;
    this.received = change.offset + 1;
  }

  /** A message that is no change (a tombstone): passed with the change before it. */
  pass(offset: number): void {
    this.received = offset + 1;
    if (this.length === 0) this.consumed = this.received;
  }

  pop(): void {
    const change = this.#items[this.#head];
    if (change === undefined) return;
    this.#head += 1;
    this.#bytes -= change.bytes;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
      this.consumed = this.received;
    } else {
      this.consumed = change.offset + 1;
      if (this.#head > 4096) {
        this.#items = this.#items.slice(this.#head);
        this.#head = 0;
      }
    }
  }
}
