import type { Checkpoint } from '../replica/streams.ts';
import type { ChangeEvent, Lsn } from './change-event.ts';

export type { Checkpoint } from '../replica/streams.ts';

/**
 * What a transport yields, in order. A transaction arrives as begin, events in chunks of bounded size, commit; so a
 * transaction of a million rows never has to fit into memory.
 */
export type StreamMessage =
  | {
      readonly kind: 'begin';
      readonly commitLsn: Lsn;
      readonly commitTime: bigint;
      readonly xid: number;
    }
  /** The shape of a table, before its first row on a connection and again after DDL. A column that is missing here was dropped. */
  | {
      readonly kind: 'relation';
      readonly schema: string;
      readonly table: string;
      readonly replicaIdentity: string;
      readonly columns: readonly {
        readonly name: string;
        readonly typeOid: number;
        readonly typeModifier: number;
      }[];
    }
  /** `size`: bytes that they came in. */
  | { readonly kind: 'changes'; readonly events: readonly ChangeEvent[]; readonly size: number }
  /** `endLsn` is the first position after the transaction: what to acknowledge once it is applied durably. */
  | {
      readonly kind: 'commit';
      readonly commitLsn: Lsn;
      readonly endLsn: Lsn;
      readonly commitTime: bigint;
      readonly checkpoint?: Checkpoint;
    }
  /** Nothing is pending up to `lsn`: an idle source still moves the watermark. */
  | { readonly kind: 'idle'; readonly lsn: Lsn; readonly checkpoint?: Checkpoint };

/** One direction's stream of changes; both transports implement it. Read it by `take` or by iterating, not by both. */
export interface ChangeStream extends AsyncIterable<StreamMessage> {
  /**
   * Everything that has arrived since the last call, in order: waits until that is at least one message, and is empty when the
   * stream is over. At a failure, what came before is still handed out; the call after that throws.
   */
  take(): Promise<readonly StreamMessage[]>;
  /** Everything before `lsn` is durable on the target: the source may forget it. Never call it earlier. */
  acknowledge(lsn: Lsn): void;
  /** Asks the source to say where it stands: a caught-up stream answers with an `idle` message soon after. */
  probe(): void;
  close(): Promise<void>;
}
