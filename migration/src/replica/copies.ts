import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';

/** Who fills a context's tables. The newest copier's name stands in `strangler.copies`; older ones write nothing any more. */
export interface CopyMark {
  readonly context: string;
  readonly copier: string;
}

const overtaken = ({ context }: CopyMark): StranglerError =>
  new StranglerError(
    'LEASE_LOST',
    `Another worker began the initial copy of ${context} anew, so this one is over`,
  );

// Advisory, because waiting for one is first come, first served: row locks that are shared let a successor starve.
const lockOf = "hashtext('strangler copy'), hashtext($1)";

/** For the running transaction: a successor empties the tables after it, or this one writes nothing. */
export async function holdCopyMark(client: pg.Client, mark: CopyMark): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock_shared(${lockOf})`, [mark.context]);
  const { rowCount } = await client.query(
    'SELECT FROM strangler.copies WHERE context = $1 AND copier = $2',
    [mark.context, mark.copier],
  );
  if (rowCount === 0) throw overtaken(mark);
}

/** Waits until nobody writes; tells whether an earlier copy was cut off. The running transaction then empties the tables. */
export async function takeCopyMark(
  client: pg.Client,
  { context, copier }: CopyMark,
): Promise<{ readonly interrupted: boolean }> {
  await client.query(`SELECT pg_advisory_xact_lock(${lockOf})`, [context]);
  const { rowCount } = await client.query(
    'SELECT FROM strangler.copies WHERE context = $1 FOR UPDATE',
    [context],
  );
  await client.query(
    `INSERT INTO strangler.copies (context, copier) VALUES ($1, $2) ON CONFLICT (context)
      DO UPDATE SET copier = $2, began_at = clock_timestamp()`,
    [context, copier],
  );
  return { interrupted: rowCount !== 0 };
}

/**
 * Call it in the transaction that stores the stream's first position: from then on the rows are replicated ones.
 * @throws StranglerError LEASE_LOST when another copier has emptied the tables since
 */
export async function forgetCopyMark(client: pg.Client, mark: CopyMark): Promise<void> {
  const { rowCount } = await client.query(
    'DELETE FROM strangler.copies WHERE context = $1 AND copier = $2',
    [mark.context, mark.copier],
  );
  if (rowCount === 0) throw overtaken(mark);
}
