import { StranglerError } from '@strangler-toolkit/plan';
import { isProbe } from '../../replica/probe.ts';
import { replicaSchema } from '../../replica/schema.ts';
import type { ChangeEvent, Row } from '../change-event.ts';
import type { MessageQueue } from '../message-queue.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { KafkaChange } from './kafka-change.ts';
import type { TableShape } from './table-shape.ts';
import type { AssemblerOutput, TransactionEnd } from './transaction-assembler.ts';

export interface TransactionMessagesOptions {
  readonly database: string;
  readonly queue: MessageQueue;
  readonly checkpoints: Checkpoints;
  /** Whether the ends of further transactions were read already. */
  readonly moreWaits: () => boolean;
}

const chunkEvents = 1000;

/** Makes a stream's messages of a transaction's changes: begin, relations, changes in chunks, commit; idle when none was ours. */
export class TransactionMessages implements AssemblerOutput<KafkaChange> {
  readonly #options: TransactionMessagesOptions;
  #transaction: TransactionEnd = { xid: 0, lsn: 0, count: 0, tables: new Map(), offset: 0 };
  #events: ChangeEvent[] = [];
  #bytes = 0;
  #index = 0;
  #began = false;
  #commitTime = 0n;
  #moved: KafkaChange | null = null;
  #behindMove: KafkaChange[] = [];
  #shapes = new Map<string, TableShape>();

  constructor(options: TransactionMessagesOptions) {
    this.#options = options;
  }

  change(change: KafkaChange, transaction: TransactionEnd): void {
    this.#transaction = transaction;
    this.#take(change);
  }

  end(transaction: TransactionEnd): void {
    if (this.#moved !== null)
      throw new StranglerError(
        'POSITION_GAP',
        `transaction ${transaction.xid} changes a key and does not say into what`,
      );
    const { queue, checkpoints, moreWaits } = this.#options;
    this.flush();
    checkpoints.transactionEnded(transaction.offset);
    const lsn = BigInt(transaction.lsn);
    if (!this.#began) {
      queue.push({ kind: 'idle', lsn, checkpoint: checkpoints.peek() }, 0);
      return;
    }
    this.#began = false;
    this.#index = 0;
    const checkpoint = checkpoints.takeIfDue(moreWaits());
    queue.push(
      {
        kind: 'commit',
        commitLsn: lsn - 1n,
        endLsn: lsn,
        commitTime: this.#commitTime,
        ...(checkpoint && { checkpoint }),
      },
      0,
    );
  }

  /** Hands on the events that were gathered, before something else or when nothing more is complete. */
  flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    const size = this.#bytes;
    this.#events = [];
    this.#bytes = 0;
    this.#options.queue.push({ kind: 'changes', events, size }, size);
  }

  #take(change: KafkaChange): void {
    const { envelope, shape } = change;
    if (shape.schema === replicaSchema && !isProbe(shape)) return;
    if (change.xid === null) this.#options.checkpoints.snapshotRow();
    if (this.#moved !== null) {
      if (change.xid === null) {
        // Lies behind the first half of a move, whose second half may be in another partition: the two stay together.
        this.#behindMove.push(change);
        return;
      }
      if (this.#endMove(this.#moved, change)) return;
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
    const truncated = change.op === 't';
    this.#emit(change, change.op, truncated ? null : before, truncated ? null : after);
    this.#emitWhatStays(change);
  }

  /** @returns whether `change` was the second half; without one the first was a plain delete. */
  #endMove(from: KafkaChange, change: KafkaChange): boolean {
    const behind = this.#behindMove;
    this.#moved = null;
    this.#behindMove = [];
    const before = from.shape.before(from.envelope.before ?? {});
    const whole = change.rekey === 'to';
    if (whole) this.#emit(change, 'u', before, change.shape.after(change.envelope.after ?? {}));
    else this.#emit(from, 'd', before, null);
    this.#emitWhatStays(from);
    for (const row of behind) this.#take(row);
    return whole;
  }

  /** As a row that was read: whatever else is there under its key, this is what it is. */
  #emitWhatStays(change: KafkaChange): void {
    const { stays, shape } = change;
    if (stays !== undefined) this.#emit(change, 'r', null, shape.after(stays));
  }

  // Once per row: the transaction is kept in a field, so that no object is made to pass it on.
  #emit(change: KafkaChange, op: ChangeEvent['op'], before: Row | null, after: Row | null): void {
    const { envelope, shape } = change;
    const { queue, database } = this.#options;
    const commitLsn = BigInt(this.#transaction.lsn - 1);
    const { xid } = this.#transaction;
    if (!this.#began) {
      this.#began = true;
      this.#commitTime = BigInt(envelope.commitTimeUs);
      queue.push({ kind: 'begin', commitLsn, commitTime: this.#commitTime, xid }, 0);
    }
    const name = `${shape.schema}.${shape.table}`;
    if (op !== 't' && this.#shapes.get(name) !== shape) {
      this.#shapes.set(name, shape);
      this.flush();
      queue.push(shape.relation, 0);
    }
    this.#events.push({
      op,
      before,
      // As the embedded reader does: REPLICA IDENTITY FULL has in the old row what an unchanged large value leaves out.
      after: after !== null && before !== null && op === 'u' ? { ...before, ...after } : after,
      source: {
        connector: 'postgresql',
        db: database,
        schema: shape.schema,
        table: shape.table,
        txId: xid,
        lsn: BigInt(envelope.lsn ?? 0),
        ts_us: this.#commitTime,
      },
      position: { commitLsn, index: this.#index },
    });
    this.#index += 1;
    this.#bytes += change.bytes;
    if (this.#events.length >= chunkEvents) this.flush();
  }
}
