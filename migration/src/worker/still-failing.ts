import type { Lsn } from '../stream/change-event.ts';

/** What the worker failed at last. */
export interface WorkerFailure {
  readonly code: string;
  readonly message: string;
}

/** A stream that moved nothing and did not fail for so long had nothing to move. */
const steadyAfterSeconds = 30;

/**
 * Whether a stream that was opened again after a failure has proven nothing yet: on a full disk that succeeds many times a
 * minute, and the worker is none the better for it.
 */
export const stillFailing = (
  began: Lsn,
  { position, seconds }: { readonly position: Lsn; readonly seconds: number },
): boolean => position <= began && seconds < steadyAfterSeconds;
