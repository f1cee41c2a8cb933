import type { Lsn } from '../database/lsn.ts';
import type { EncodedRow } from './encoded-row.ts';

export type { Lsn };

/**
 * One row change in Debezium's envelope (Debezium reference, "PostgreSQL connector: data change events").
 *
 * The envelope is Debezium's: op, before, after, source, transaction. The values are not its per-type JSON encodings but
 * PostgreSQL's own text (DateStyle ISO, TimeZone UTC, IntervalStyle postgres, bytea_output hex): it loses nothing
 * (numeric, bigint, microseconds) and needs no conversion to be written again. See docs/adr/0003.
 */
export type ColumnText = string | null;

/** A column that is absent was an unchanged TOAST value (or, in `before`, not part of the replica identity). */
export type Row = Readonly<Record<string, ColumnText>>;

/** c create, u update, d delete, r read (initial copy), t truncate. A key change is a `u` whose `before` holds the old key. */
export type Operation = 'c' | 'u' | 'd' | 'r' | 't';

/** Events are ordered by (commitLsn, index): row LSNs are not ordered across transactions. */
export interface Position {
  /** LSN of the commit record of the transaction. */
  readonly commitLsn: Lsn;
  /** Index of the event in its transaction, from 0. */
  readonly index: number;
}

export interface ChangeSource {
  readonly connector: 'postgresql';
  readonly db: string;
  readonly schema: string;
  readonly table: string;
  readonly txId: number;
  readonly lsn: Lsn;
  /** Commit time at the source, microseconds since the Unix epoch. */
  readonly ts_us: bigint;
}

export interface ChangeEvent {
  readonly op: Operation;
  readonly before: Row | null;
  /** May be made anew each time it is asked for. */
  readonly after: Row | null;
  /** `after` as it came, where the transport has it and no column is left out. */
  readonly encoded?: EncodedRow | undefined;
  readonly source: ChangeSource;
  readonly position: Position;
}
