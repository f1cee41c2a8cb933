import type { ColumnText, Lsn } from '../change-event.ts';
import { columnKind } from '../encoded-row.ts';
import { ByteCursor } from './byte-cursor.ts';

/** Messages of pgoutput, protocol version 1 (PostgreSQL documentation, "Logical Replication Message Formats"). */
export type PgoutputMessage =
  | {
      readonly kind: 'begin';
      readonly commitLsn: Lsn;
      readonly commitTime: bigint;
      readonly xid: number;
    }
  | {
      readonly kind: 'commit';
      readonly commitLsn: Lsn;
      readonly endLsn: Lsn;
      readonly commitTime: bigint;
    }
  | { readonly kind: 'origin'; readonly name: string }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'type' }
  | { readonly kind: 'insert'; readonly relation: number; readonly tuple: NewTuple }
  | {
      readonly kind: 'update';
      readonly relation: number;
      readonly old: OldTuple | null;
      readonly tuple: NewTuple;
    }
  | { readonly kind: 'delete'; readonly relation: number; readonly old: OldTuple }
  | { readonly kind: 'truncate'; readonly relations: readonly number[] }
  | { readonly kind: 'message'; readonly prefix: string };

export interface Relation {
  readonly id: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: 'default' | 'full' | 'index' | 'nothing';
  readonly columns: readonly {
    readonly name: string;
    readonly key: boolean;
    readonly typeOid: number;
    readonly typeModifier: number;
  }[];
}

/** Per column: text, NULL, or undefined for an unchanged TOAST value that was not sent. */
export type Tuple = readonly (ColumnText | undefined)[];

/** A row that is not read yet: that it is one has been seen. */
export interface NewTuple {
  readonly bytes: Buffer;
  readonly count: number;
  /** Where its first column begins, and where its last one ends. */
  readonly at: number;
  readonly end: number;
  /** Whether no column was left out. */
  readonly whole: boolean;
}

/** `key`: only identity columns carry values, whatever the others say. `full`: the whole old row. */
export interface OldTuple {
  readonly kind: 'key' | 'full';
  readonly tuple: Tuple;
}

/** Microseconds between the epochs of Unix and of PostgreSQL (2000-01-01). */
export const postgresEpoch = 946_684_800_000_000n;

function heldTuple(cursor: ByteCursor): NewTuple {
  const count = cursor.int16();
  const { bytes, at } = cursor;
  let whole = true;
  for (let column = 0; column < count; column += 1) {
    const kind = cursor.byte();
    if (kind === columnKind.text) cursor.skip(cursor.int32());
    else if (kind === columnKind.unchanged) whole = false;
    else if (kind !== columnKind.null) throw unknownKind(kind);
  }
  cursor.leave();
  return { bytes, count, at, end: cursor.at, whole };
}

const reader = new ByteCursor();

export function readNewTuple({ bytes, count, at, end }: NewTuple): Tuple {
  reader.enter(bytes, at, end);
  return readColumns(reader, count);
}

/** The values of a whole tuple put into a row, by the columns' names. */
export function readInto(
  row: Record<string, ColumnText>,
  names: readonly string[],
  { bytes, at, end }: NewTuple,
): void {
  reader.enter(bytes, at, end);
  for (const name of names)
    row[name] = reader.byte() === columnKind.text ? reader.text(reader.int32()) : null;
}

const unknownKind = (kind: number): RangeError =>
  new RangeError(`unknown kind of column value ${JSON.stringify(String.fromCharCode(kind))}`);

const readTuple = (cursor: ByteCursor): Tuple => readColumns(cursor, cursor.int16());

function readColumns(cursor: ByteCursor, count: number): Tuple {
  const tuple: (ColumnText | undefined)[] = [];
  for (let column = 0; column < count; column += 1) {
    const kind = cursor.byte();
    if (kind === columnKind.text) tuple.push(cursor.text(cursor.int32()));
    else if (kind === columnKind.null) tuple.push(null);
    else if (kind === columnKind.unchanged) tuple.push(undefined);
    else throw unknownKind(kind);
  }
  return tuple;
}

const letterOf = (cursor: ByteCursor): string => String.fromCharCode(cursor.byte());

const oldTuple = (letter: string, cursor: ByteCursor): OldTuple => ({
  kind: letter === 'K' ? 'key' : 'full',
  tuple: readTuple(cursor),
});

const identities: Readonly<Record<string, Relation['replicaIdentity']>> = {
  d: 'default',
  f: 'full',
  i: 'index',
  n: 'nothing',
};

function readRelation(cursor: ByteCursor): Relation {
  const id = cursor.int32();
  // The server leaves the name of pg_catalog empty.
  const schema = cursor.string() || 'pg_catalog';
  const table = cursor.string();
  const replicaIdentity = identities[letterOf(cursor)] ?? 'nothing';
  const columns = Array.from({ length: cursor.int16() }, () => {
    const flags = cursor.byte();
    const name = cursor.string();
    return {
      name,
      key: (flags & 1) === 1,
      typeOid: cursor.int32(),
      typeModifier: cursor.int32() | 0,
    };
  });
  return { id, schema, table, replicaIdentity, columns };
}

/**
 * The message that the cursor has entered.
 * @throws RangeError for a message that is cut short or of another protocol version: guessing on would lose data
 */
export function decodePgoutput(cursor: ByteCursor): PgoutputMessage {
  // Version 13 has nothing to say of an origin that was dropped since, and says it in a message of its own.
  if (cursor.atEnd) return { kind: 'origin', name: '' };
  const message = readMessage(cursor);
  cursor.leave();
  return message;
}

function readMessage(cursor: ByteCursor): PgoutputMessage {
  const type = letterOf(cursor);
  switch (type) {
    case 'B':
      return {
        kind: 'begin',
        commitLsn: cursor.int64(),
        commitTime: cursor.int64() + postgresEpoch,
        xid: cursor.int32(),
      };
    case 'C': {
      cursor.byte();
      return {
        kind: 'commit',
        commitLsn: cursor.int64(),
        endLsn: cursor.int64(),
        commitTime: cursor.int64() + postgresEpoch,
      };
    }
    case 'O': {
      cursor.int64();
      return { kind: 'origin', name: cursor.string() };
    }
    case 'R':
      return { kind: 'relation', relation: readRelation(cursor) };
    case 'Y':
      return { kind: 'type' };
    case 'I': {
      const relation = cursor.int32();
      cursor.byte();
      return { kind: 'insert', relation, tuple: heldTuple(cursor) };
    }
    case 'U': {
      const relation = cursor.int32();
      const letter = letterOf(cursor);
      const old = letter === 'N' ? null : oldTuple(letter, cursor);
      if (old) cursor.byte();
      return { kind: 'update', relation, old, tuple: heldTuple(cursor) };
    }
    case 'D': {
      const relation = cursor.int32();
      return { kind: 'delete', relation, old: oldTuple(letterOf(cursor), cursor) };
    }
    case 'T': {
      const count = cursor.int32();
      cursor.byte();
      return { kind: 'truncate', relations: Array.from({ length: count }, () => cursor.int32()) };
    }
    case 'M': {
      cursor.byte();
      cursor.int64();
      return { kind: 'message', prefix: cursor.string() };
    }
    default:
      throw new RangeError(
        `unknown message ${JSON.stringify(type)}: not pgoutput protocol version 1`,
      );
  }
}
