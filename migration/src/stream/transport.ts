import type pg from 'pg';
import type { Direction } from '@strangler-toolkit/plan';
import type { Lsn } from './change-event.ts';
import type { Report } from '../findings/check.ts';
import type { PlannedAction } from '../findings/planned-action.ts';
import type { ChangeStream, Checkpoint } from './change-stream.ts';
import type { StreamHealth } from './stream-health.ts';

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

/** A stream that is looked at: its two databases are connected to when they are asked, for the length of `work`. */
export interface StreamEnds {
  readonly context: string;
  readonly direction: Direction;
  /** The source's database, as this process reaches it. */
  readonly url: string;
  /** What the publication holds. */
  readonly tables: readonly SourceTable[];
  readonly signal: AbortSignal;
  readonly withSource: <T>(work: (source: StreamSource) => Promise<T>) => Promise<T>;
  /** Where the changes are applied. */
  readonly withTarget: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>;
}

/** What someone who reads tables again is told, and asks. */
export interface ResyncWatch {
  /** All that could refuse was asked: from here on something is done. */
  begun(): Promise<void>;
  /** Asked again and again: without a worker it would never end. @throws StranglerError WORKER_NOT_RUNNING */
  assertWorker(): Promise<void>;
  tell(text: string, kind: 'update' | 'note'): void;
}

export interface ResyncCount {
  readonly chunks: number;
  /** Rows and changes that came through the tables' topics meanwhile. */
  readonly messages: number;
}

/** Tables of the source are read again and applied, while changes go on. */
export interface TableResync {
  plan(tables: readonly SourceTable[]): readonly PlannedAction[];
  run(tables: readonly SourceTable[], watch: ResyncWatch): Promise<ResyncCount>;
}

/** What would change at something that runs already, one line each. */
export type Differences = readonly string[];

/** How change events travel from one database to the other. */
export interface Transport {
  readonly kind: 'embedded' | 'kafka';
  /** Tables of the toolkit's own that the publication holds besides the mapped ones. */
  readonly ownTables: readonly SourceTable[];
  /** The program that reads the slot for the worker and may leave rows out when it begins anew: evidence is void then. */
  readonly carrier?: string;
  /** How long a proof that a stream works waits for what this transport has to start, in milliseconds. */
  readonly proofTimeoutMs: number;
  /** What would stop a stream from being made, before anything is fenced or copied for it. @throws StranglerError */
  assertUsable(ends: StreamEnds): Promise<void>;
  /** What `ensure` would make or change, for a dry run. `begun`: there may be a stream already. */
  plan(ends: StreamEnds, options: { readonly begun: boolean }): Promise<readonly PlannedAction[]>;
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
  /** Where the stream stands. Does not throw: what could not be asked stands in `problems`. */
  health(ends: StreamEnds): Promise<StreamHealth>;
  /** What stands between the slot and `open`, compared with what should be there. Changes nothing. */
  check(
    ends: Readonly<Record<Direction, StreamEnds>>,
    options: {
      /** The direction that should run, if any; `begun`: its initial copy is done. */
      readonly streaming: { readonly direction: Direction; readonly begun: boolean } | null;
      readonly report: Report;
    },
  ): Promise<void>;
  /** @throws StranglerError MOVE_NOT_ALLOWED, with another way as its remedy, where this transport cannot */
  resync(ends: StreamEnds): TableResync;
}
