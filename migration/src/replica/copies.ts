import { randomUUID } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { forgetCopyProgress } from './copy-progress.ts';

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

/** For the running transaction: a successor goes on after it, or this one writes nothing. Tells whether to make a pause. */
export async function holdCopyMark(
  client: pg.Client,
  mark: CopyMark,
): Promise<{ readonly paused: boolean }> {
  await client.query(`SELECT pg_advisory_xact_lock_shared(${lockOf})`, [mark.context]);
  const { rows } = await client.query<{ paused: string }>(
    `SELECT (paused_at IS NOT NULL)::text AS paused FROM strangler.copies WHERE context = $1 AND copier = $2`,
    [mark.context, mark.copier],
  );
  if (rows[0] === undefined) throw overtaken(mark);
  return { paused: rows[0].paused === 'true' };
}

/**
 * Waits until nobody writes; tells whether an earlier copy was cut off, and whether it left what another can go on from. The
 * running transaction then empties the tables, or says with `keepCopy` that it goes on.
 */
export async function takeCopyMark(
  client: pg.Client,
  { context, copier }: CopyMark,
): Promise<{ readonly interrupted: boolean; readonly resumable: boolean }> {
  await client.query(`SELECT pg_advisory_xact_lock(${lockOf})`, [context]);
  // An older release that emptied the tables since has left its own name, and no other.
  const { rows } = await client.query<{ resumable: string }>(
    `SELECT coalesce(resumable = copier, false)::text AS resumable FROM strangler.copies
      WHERE context = $1 FOR UPDATE`,
    [context],
  );
  await client.query(
    `INSERT INTO strangler.copies (context, copier) VALUES ($1, $2) ON CONFLICT (context)
      DO UPDATE SET copier = $2, began_at = clock_timestamp()`,
    [context, copier],
  );
  return { interrupted: rows.length > 0, resumable: rows[0]?.resumable === 'true' };
}

/** From here on another copier can go on from what this one leaves. */
export async function keepCopy(client: pg.Client, mark: CopyMark): Promise<void> {
  const { rowCount } = await client.query(
    'UPDATE strangler.copies SET resumable = copier WHERE context = $1 AND copier = $2',
    [mark.context, mark.copier],
  );
  if (rowCount === 0) throw overtaken(mark);
}

/** For the running transaction, which empties the tables or comes before that: nobody goes on with what is there. */
export async function forgetCopied(client: pg.Client, context: string): Promise<void> {
  await client.query('UPDATE strangler.copies SET resumable = NULL WHERE context = $1', [context]);
  await forgetCopyProgress(client, context);
}

/** As `forgetCopied`, from outside of any copy: one that is under way writes nothing more, and stores no position. */
export async function endCopy(client: pg.Client, context: string): Promise<void> {
  if ((await copyUnderWay(client, context)) !== undefined)
    await takeCopyMark(client, { context, copier: randomUUID() });
  await forgetCopied(client, context);
}

/** For the running transaction, which has emptied the tables: what is in them next is nobody's copy. */
export async function forgetCopyUnderWay(client: pg.Client, context: string): Promise<void> {
  await client.query('DELETE FROM strangler.copies WHERE context = $1', [context]);
}

/** Undefined: no copy has begun, or it is done. */
export async function copyUnderWay(
  client: pg.Client,
  context: string,
): Promise<{ readonly resumable: boolean; readonly paused: boolean } | undefined> {
  const { rows } = await client.query<{ resumable: string; paused: string }>(
    `SELECT coalesce(resumable = copier, false)::text AS resumable, (paused_at IS NOT NULL)::text AS paused
       FROM strangler.copies WHERE context = $1`,
    [context],
  );
  return rows[0] && { resumable: rows[0].resumable === 'true', paused: rows[0].paused === 'true' };
}

/** Whether there is a copy that it could be said of. */
export async function pauseCopy(
  client: pg.Client,
  context: string,
  paused: boolean,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE strangler.copies
        SET paused_at = CASE WHEN $2::boolean THEN coalesce(paused_at, clock_timestamp()) END WHERE context = $1`,
    [context, paused],
  );
  return rowCount === 1;
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
  await forgetCopyProgress(client, mark.context);
}
