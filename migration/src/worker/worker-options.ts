import type { Direction, MigrationDefinition } from '@strangler-toolkit/plan';
import type { Rate } from '../copy/index.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { SlotHealth } from '../stream/source/slot-health.ts';
import type { WorkerFailure } from './still-failing.ts';
import type { Differences, Transport } from '../stream/transport.ts';

export interface WorkerProgress {
  readonly phase: 'standby' | 'waiting' | 'copying' | 'streaming' | 'failed';
  readonly direction?: Direction;
  readonly table?: string;
  readonly rowsCopied?: number;
  readonly rowsEstimated?: number;
  readonly bytes?: number;
  readonly rowsPerSecond?: number;
  readonly etaSeconds?: number | null;
  /** Of a copy that somebody told to wait. */
  readonly paused?: boolean;
  readonly rowsApplied?: number;
  readonly lagSeconds?: number;
  readonly lagBytes?: number;
  readonly caughtUp?: boolean;
  readonly deadLetters?: number;
  readonly epoch?: number;
  readonly position?: Lsn;
  readonly sourcePosition?: Lsn;
  /** As it was some seconds ago; `null`: it is gone. */
  readonly slot?: SlotHealth | null;
  /** The newest of this epoch, as it was some seconds ago; `null`: there is none. */
  readonly verification?: { readonly ok: boolean; readonly ageSeconds: number } | null;
  /** Tables that are read again because something changed them without an event. */
  readonly held?: string;
  /** Of a stream that was opened again after a failure and has not got past it. */
  readonly failing?: WorkerFailure;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  /** Whether the worker goes on by itself. */
  readonly retrying?: boolean;
  /** Until it does; 0 where it does not. */
  readonly retryInMs?: number;
}

export interface WorkerOptions {
  readonly definition: MigrationDefinition;
  readonly controlUrl: string;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WorkerProgress) => void;
  /** What a start of the worker changes at something that runs already. */
  readonly onDifference?: (differences: Differences) => void;
  /** What a person should know of a copy that goes on, or begins anew. */
  readonly onNote?: (text: string) => void;
  /** Somebody stepped round the fence of the tables that the worker writes to. */
  readonly onFence?: (text: string) => void;
  /** Called when no command holds the context's lease: mends a move that was abandoned. */
  readonly recover?: (context: string) => Promise<void>;
  /** Why the context file that lies there is not the one that this worker works by; `status` shows it. */
  readonly planProblem?: () => WorkerFailure | null;
  /** Tables that were exchanged, and publications that left something out, are published and read again instead of stopping. */
  readonly reread?: boolean;
  /** Connections per side for the initial copy (default 2). */
  readonly parallel?: number;
  /** Most that the initial copy reads of the monolith's database. */
  readonly maxRate?: Rate;
}
