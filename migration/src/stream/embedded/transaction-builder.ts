import type { ChangeEvent, ColumnText, Lsn, Operation, Row } from '../change-event.ts';
import type { StreamMessage } from '../change-stream.ts';
import type { NewTuple, OldTuple, PgoutputMessage, Relation } from './pgoutput-decoder.ts';
import { type EventTransaction, type KnownRelation, RowEvent } from './row-event.ts';

export interface ChunkLimits {
  readonly events: number;
  readonly bytes: number;
  /** Transactions that replication wrote are handed on as well. */
  readonly carriesForeign?: boolean;
}

interface OpenTransaction extends EventTransaction {
  index: number;
  /** Replication wrote it: a server that was not asked to leave such transactions out sends them. */
  foreign: boolean;
}

/** Turns pgoutput's messages into envelopes, in chunks of bounded size. Pure: bytes in, messages out. */
export class TransactionBuilder {
  readonly #database: string;
  readonly #limits: ChunkLimits;
  readonly #emit: (message: StreamMessage, bytes: number) => void;
  readonly #relations = new Map<number, KnownRelation>();
  #transaction: OpenTransaction | undefined;
  #events: ChangeEvent[] = [];
  #bytes = 0;

  constructor(
    database: string,
    limits: ChunkLimits,
    emit: (message: StreamMessage, bytes: number) => void,
  ) {
    this.#database = database;
    this.#limits = limits;
    this.#emit = emit;
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** `size` is the length of the message on the wire: what a chunk weighs. */
  take(message: PgoutputMessage, lsn: Lsn, size: number): void {
    switch (message.kind) {
      case 'begin':
        this.#transaction = {
          database: this.#database,
          commitLsn: message.commitLsn,
          commitTime: message.commitTime,
          xid: message.xid,
          index: 0,
          foreign: false,
        };
        this.#emit(message, 0);
        return;
      case 'commit':
        this.#flush();
        this.#transaction = undefined;
        this.#emit(message, 0);
        return;
      case 'relation':
        // Who applies must learn of a changed table between the rows before and after the change.
        this.#flush();
        this.#relations.set(message.relation.id, known(message.relation));
        this.#emit(describe(message.relation), size);
        return;
      case 'insert':
        this.#add('c', this.#relation(message.relation), null, message.tuple, lsn, size);
        return;
      case 'update': {
        const relation = this.#relation(message.relation);
        this.#add(
          'u',
          relation,
          message.old ? oldRow(relation, message.old) : null,
          message.tuple,
          lsn,
          size,
        );
        return;
      }
      case 'delete': {
        const relation = this.#relation(message.relation);
        this.#add('d', relation, oldRow(relation, message.old), null, lsn, size);
        return;
      }
      case 'truncate':
        for (const id of message.relations)
          this.#add('t', this.#relation(id), null, null, lsn, size);
        return;
      case 'origin':
        if (this.#transaction) this.#transaction.foreign = this.#limits.carriesForeign !== true;
        return;
      case 'type':
      case 'message':
        return;
    }
  }

  #relation(id: number): KnownRelation {
    const relation = this.#relations.get(id);
    if (!relation)
      throw new RangeError(`a change of relation ${id}, which was not described before`);
    return relation;
  }

  // Once per row: an object to name its parameters would be one more for the garbage collector.
  // oxlint-disable-next-line max-params
  #add(
    op: Operation,
    relation: KnownRelation,
    before: Row | null,
    tuple: NewTuple | null,
    lsn: Lsn,
    size: number,
  ): void {
    const transaction = this.#transaction;
    if (!transaction) throw new RangeError('a change outside of a transaction');
    if (transaction.foreign) return;
    this.#events.push(
      new RowEvent(op, before, tuple, relation, transaction, transaction.index, lsn),
    );
    transaction.index += 1;
    this.#bytes += size;
    if (this.#events.length >= this.#limits.events || this.#bytes >= this.#limits.bytes)
      this.#flush();
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    const size = this.#bytes;
    this.#events = [];
    this.#bytes = 0;
    this.#emit({ kind: 'changes', events, size }, size);
  }
}

function known(relation: Relation): KnownRelation {
  const names = relation.columns.map(({ name }) => name);
  return { ...relation, names, blank: Object.fromEntries(names.map((name) => [name, null])) };
}

/** A key-only tuple says NULL for every other column: that is not their old value, so they stay absent. */
function oldRow(relation: Relation, old: OldTuple): Row {
  const result: Record<string, ColumnText> = {};
  relation.columns.forEach(({ name, key }, index) => {
    const value = old.tuple[index];
    if (value !== undefined && (old.kind === 'full' || key)) result[name] = value;
  });
  return result;
}

const describe = ({ schema, table, replicaIdentity, columns }: Relation): StreamMessage => ({
  kind: 'relation',
  schema,
  table,
  replicaIdentity,
  columns: columns.map(({ name, typeOid, typeModifier }) => ({ name, typeOid, typeModifier })),
});
