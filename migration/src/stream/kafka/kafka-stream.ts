import { isProbe } from '../../replica/probe.ts';
import { replicaSchema } from '../../replica/schema.ts';
import { StranglerError } from '@strangler-toolkit/plan';
import type { ChangeEvent, Lsn, Row } from '../change-event.ts';
import type { ChangeStream, StreamMessage } from '../change-stream.ts';
import { MessageQueue } from '../message-queue.ts';
import type { Beats } from './beats.ts';
import type { Envelope } from './decode/envelope.ts';
import type { PartitionQueue, QueuedChange } from './partition-queue.ts';
import type { TableShape } from './table-shape.ts';
import { TransactionAssembler, type TransactionEnd } from './transaction-assembler.ts';

/** A row event with what it takes to read it. */
export interface KafkaChange extends QueuedChange {
  readonly envelope: Envelope;
  readonly shape: TableShape;
  /** A change of the key comes as a delete and a create: the first says so, and so does the second. */
  readonly rekey: 'from' | 'to' | null;
}

/** What reads the topics; the stream tells it when to stop and go on. */
export interface TopicReader {
  hold(queue: PartitionQueue<KafkaChange>): void;
  release(queue: PartitionQueue<KafkaChange>): void;
  holdEnds(): void;
  releaseEnds(): void;
  /** For people's tools only: the offsets that count are with the data. */
  commit(offsets: ReadonlyMap<string, number>): void;
  beat(): void;
  close(): Promise<void>;
}

export interface KafkaStreamSettings {
  readonly database: string;
  readonly queues: readonly PartitionQueue<KafkaChange>[];
  /** Name of the transaction topic in the checkpoint, and the offset it is read from. */
  readonly ends: { readonly name: string; readonly offset: number };
  readonly from: Lsn;
  readonly beats: Beats;
  /** Goes into the checkpoint until one was applied. */
  readonly columnTypes: string;
  readonly highWaterBytes: number;
}

const chunkEvents = 1000;
/** Messages of a partition that wait before it is paused. */
const queueLimit = { changes: 4000, bytes: 4_000_000 };
const endsLimit = 20_000;
/** With less to do a checkpoint goes with each transaction: re-reading some messages is cheaper than writing offsets every time. */
const checkpointEvery = 256;

/** Debezium's topics as a ChangeStream. */
export class KafkaStream implements ChangeStream {
  readonly #settings: KafkaStreamSettings;
  readonly #queue: MessageQueue;
  readonly #assembler: TransactionAssembler<KafkaChange>;
  readonly #reported = new Map<string, number>();
  #reader: TopicReader | undefined;
  #full = false;
  #endsHeld = false;
  #endsConsumed: number;
  #events: ChangeEvent[] = [];
  #bytes = 0;
  #index = 0;
  #began = false;
  #commitTime = 0n;
  #moved: KafkaChange | null = null;
  #behindMove: KafkaChange[] = [];
  #shapes = new Map<string, TableShape>();
  #sinceCheckpoint = 0;
  #typesStored = false;
  #snapshotRows = false;
  #closing: Promise<void> | undefined;
  #failed = false;
  #pumping = false;

  constructor(settings: KafkaStreamSettings) {
    this.#settings = settings;
    this.#endsConsumed = settings.ends.offset;
    this.#queue = new MessageQueue(
      settings.highWaterBytes,
      () => (this.#full = true),
      () => {
        this.#full = false;
        // Not from within `take`: what is pumped belongs to the next one.
        queueMicrotask(() => this.pump());
      },
    );
    this.#assembler = new TransactionAssembler<KafkaChange>(
      settings.queues,
      Number(settings.from),
      {
        change: (change, end) => this.#change(change, end),
        end: (end) => this.#end(end),
      },
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
    this.#flush();
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
    this.#typesStored = true;
    this.#reader?.commit(this.#reported);
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

  #change(change: KafkaChange, end: TransactionEnd): void {
    const { envelope, shape } = change;
    if (shape.schema === replicaSchema && !isProbe(shape)) return;
    if (change.xid === null) this.#snapshotRows = true;
    if (this.#moved !== null) {
      if (change.xid === null) {
        // Lies behind the first half of a move, whose second half may be in another partition: the two stay together.
        this.#behindMove.push(change);
        return;
      }
      const from = this.#moved;
      const behind = this.#behindMove;
      this.#moved = null;
      this.#behindMove = [];
      const before = from.shape.before(from.envelope.before ?? {});
      const moved = change.rekey === 'to';
      if (moved) this.#emit(change, end, 'u', before, shape.after(envelope.after ?? {}));
      else this.#emit(from, end, 'd', before, null);
      for (const row of behind) this.#change(row, end);
      if (moved) return;
    }
    if (change.rekey === 'from') {
      this.#moved = change;
      return;
    }
    const before =
      envelope.before === null || change.op === 'c' || change.op === 'r'
        ? null
        : shape.before(envelope.before);
    const after = envelope.after === null ? null : shape.after(envelope.after);
    this.#emit(
      change,
      end,
      change.op,
      change.op === 't' ? null : before,
      change.op === 't' ? null : after,
    );
  }

  #emit(
    change: KafkaChange,
    end: TransactionEnd,
    op: ChangeEvent['op'],
    before: Row | null,
    after: Row | null,
  ): void {
    const { envelope, shape } = change;
    if (!this.#began) {
      this.#began = true;
      this.#commitTime = BigInt(envelope.commitTimeUs);
      this.#queue.push(
        {
          kind: 'begin',
          commitLsn: BigInt(end.lsn - 1),
          commitTime: this.#commitTime,
          xid: end.xid,
        },
        0,
      );
    }
    const name = `${shape.schema}.${shape.table}`;
    if (change.op !== 't' && this.#shapes.get(name) !== shape) {
      this.#shapes.set(name, shape);
      this.#flush();
      this.#queue.push(shape.relation, 0);
    }
    this.#events.push({
      op,
      before,
      // As the embedded reader does: REPLICA IDENTITY FULL has in the old row what an unchanged large value leaves out.
      after: after !== null && before !== null && op === 'u' ? { ...before, ...after } : after,
      source: {
        connector: 'postgresql',
        db: this.#settings.database,
        schema: shape.schema,
        table: shape.table,
        txId: end.xid,
        lsn: BigInt(envelope.lsn ?? 0),
        ts_us: this.#commitTime,
      },
      position: { commitLsn: BigInt(end.lsn - 1), index: this.#index },
    });
    this.#index += 1;
    this.#bytes += change.bytes;
    if (this.#events.length >= chunkEvents) this.#flush();
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    const size = this.#bytes;
    this.#events = [];
    this.#bytes = 0;
    this.#queue.push({ kind: 'changes', events, size }, size);
  }

  #end(end: TransactionEnd): void {
    if (this.#moved !== null)
      throw new StranglerError(
        'POSITION_GAP',
        `transaction ${end.xid} changes a key and does not say into what`,
      );
    this.#flush();
    this.#endsConsumed = end.offset + 1;
    this.#sinceCheckpoint += 1;
    const lsn = BigInt(end.lsn);
    if (!this.#began) {
      // Not the last word: a later idle message may take its place, so nothing counts as reported.
      this.#queue.push({ kind: 'idle', lsn, checkpoint: this.#checkpoint().names }, 0);
      return;
    }
    this.#began = false;
    this.#index = 0;
    // A row of a snapshot has no transaction that says whether it was applied: only its offset does.
    const due =
      this.#sinceCheckpoint >= checkpointEvery ||
      this.#assembler.waitingEnds === 0 ||
      this.#snapshotRows;
    this.#snapshotRows = false;
    if (!due) {
      this.#queue.push(
        {
          kind: 'commit',
          commitLsn: BigInt(end.lsn - 1),
          endLsn: lsn,
          commitTime: this.#commitTime,
        },
        0,
      );
      return;
    }
    const { names, offsets } = this.#checkpoint();
    for (const [name, offset] of offsets) this.#reported.set(name, offset);
    this.#sinceCheckpoint = 0;
    this.#queue.push(
      {
        kind: 'commit',
        commitLsn: BigInt(end.lsn - 1),
        endLsn: lsn,
        commitTime: this.#commitTime,
        checkpoint: names,
      },
      0,
    );
  }

  #checkpoint(): {
    readonly names: Record<string, string>;
    readonly offsets: ReadonlyMap<string, number>;
  } {
    const { queues, ends, beats, columnTypes } = this.#settings;
    const offsets = new Map([[ends.name, this.#endsConsumed]]);
    for (const queue of queues)
      if (queue.consumed !== this.#reported.get(queue.name))
        offsets.set(queue.name, queue.consumed);
    const names: Record<string, string> = {
      beat: String(beats.last),
      ...(!this.#typesStored && { columnTypes }),
    };
    for (const [name, offset] of offsets) names[name] = String(offset);
    return { names, offsets };
  }
}
