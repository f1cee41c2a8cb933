import type {
  ChangeEvent,
  ChangeSource,
  ColumnText,
  Lsn,
  Operation,
  Position,
  Row,
} from '../change-event.ts';
import type { EncodedRow } from '../encoded-row.ts';
import {
  type NewTuple,
  readInto,
  readNewTuple,
  type Relation,
  type Tuple,
} from './pgoutput-decoder.ts';

export interface KnownRelation extends Relation {
  readonly names: readonly string[];
  /** A row of NULLs: a copy of it takes the values faster than an object that grows column by column. */
  readonly blank: Row;
}

export interface EventTransaction {
  readonly database: string;
  readonly commitLsn: Lsn;
  readonly commitTime: bigint;
  readonly xid: number;
}

/**
 * The envelope of one row. What came is held as it came and read when it is asked for: objects that wait for their turn keep the
 * garbage collector busier than the rows do.
 */
export class RowEvent implements ChangeEvent {
  readonly op: Operation;
  readonly before: Row | null;
  readonly #tuple: NewTuple | null;
  readonly #relation: KnownRelation;
  readonly #transaction: EventTransaction;
  readonly #index: number;
  readonly #lsn: Lsn;

  // Once per row: an object to name its parameters would be one more for the garbage collector.
  // oxlint-disable-next-line max-params
  constructor(
    op: Operation,
    before: Row | null,
    tuple: NewTuple | null,
    relation: KnownRelation,
    transaction: EventTransaction,
    index: number,
    lsn: Lsn,
  ) {
    this.op = op;
    this.before = before;
    this.#tuple = tuple;
    this.#relation = relation;
    this.#transaction = transaction;
    this.#index = index;
    this.#lsn = lsn;
  }

  get after(): Row | null {
    if (this.#tuple === null) return null;
    if (!this.#isWhole(this.#tuple))
      return partialRow(this.#relation, readNewTuple(this.#tuple), this.before);
    const row = { ...this.#relation.blank };
    readInto(row, this.#relation.names, this.#tuple);
    return row;
  }

  get encoded(): EncodedRow | undefined {
    if (this.#tuple === null || !this.#isWhole(this.#tuple)) return undefined;
    const { bytes, at, end } = this.#tuple;
    return { columns: this.#relation.names, bytes, at, size: end - at };
  }

  #isWhole({ whole, count }: NewTuple): boolean {
    return whole && count === this.#relation.names.length;
  }

  get source(): ChangeSource {
    const { database, xid, commitTime } = this.#transaction;
    return {
      connector: 'postgresql',
      db: database,
      schema: this.#relation.schema,
      table: this.#relation.table,
      txId: xid,
      lsn: this.#lsn,
      ts_us: commitTime,
    };
  }

  get position(): Position {
    return { commitLsn: this.#transaction.commitLsn, index: this.#index };
  }
}

/** An unchanged TOAST value is taken from the old row where that holds it (REPLICA IDENTITY FULL, or a key column). */
function partialRow({ names }: KnownRelation, tuple: Tuple, before: Row | null): Row {
  const result: Record<string, ColumnText> = {};
  for (const [index, name] of names.entries()) {
    const value = tuple[index] === undefined ? before?.[name] : tuple[index];
    if (value !== undefined) result[name] = value;
  }
  return result;
}
