import type pg from 'pg';
import type { Direction } from '@strangler-toolkit/plan';
import type { Lsn } from './change-event.ts';
import type { ChangeStream, Checkpoint } from './change-stream.ts';

export interface SourceTable {
  readonly schema: string;
  readonly table: string;
}

/** Where a stream of changes begins: publication and slot of this direction live in this database. */
export interface StreamSource {
  readonly context: string;
  readonly direction: Direction;
  /** The source's database, as this process reaches it. */
  readonly url: string;
  /** Connected to it. */
  readonly client: pg.Client;
}

/** What would change at something that runs already, one line each. */
export type Differences = readonly string[];

/** How change events travel from one database to the other. */
export interface Transport {
  readonly kind: 'embedded' | 'kafka';
  /** Tables of the toolkit's own that the publication holds besides the mapped ones. */
  readonly ownTables: readonly SourceTable[];
  /** Before the slot of a new stream is made: from here on nothing of an earlier stream can be taken for it. */
  announce(source: StreamSource): Promise<void>;
  /**
   * Whatever stands between the slot and `open`, made or brought up to date. Idempotent: called after the slot was made and at
   * every start of a worker. `tables`: what the publication holds.
   */
  ensure(
    source: StreamSource,
    options: {
      readonly tables: readonly SourceTable[];
      readonly signal: AbortSignal;
      readonly onDifference?: (differences: Differences) => void;
    },
  ): Promise<void>;
  open(
    source: StreamSource,
    options: {
      readonly from: Lsn;
      readonly checkpoint: Checkpoint;
      readonly tables: readonly SourceTable[];
      readonly signal: AbortSignal;
    },
  ): Promise<ChangeStream>;
  /** Before publication and slot are dropped: nothing may read them, or make them again, afterwards. Idempotent. */
  remove(source: StreamSource): Promise<void>;
  /** The source is ahead of the applied position, though nothing of ours seems to be in its log: makes the stream pass that. */
  nudge(source: StreamSource): Promise<void>;
  /**
   * What left the source's log for `tables` and is not applied, one line for each place where that is. Asked for once nothing
   * writes to the tables any more and the applied position is past their last transaction: then it should find nothing.
   */
  unapplied(
    source: StreamSource,
    options: {
      readonly checkpoint: Checkpoint;
      readonly tables: readonly SourceTable[];
      readonly signal: AbortSignal;
    },
  ): Promise<readonly string[]>;
}
