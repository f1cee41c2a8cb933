import type pg from 'pg';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import { StranglerError } from '../errors.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { Checkpoint } from '../stream/change-stream.ts';
import type { Direction } from './interpret-event.ts';

/** The row of strangler.streams on the target: how far a direction was applied, and by which epoch's right. */
export interface StreamRow {
  readonly epoch: bigint;
  readonly position: Lsn;
  readonly state: 'open' | 'closed';
  readonly rowsApplied: bigint;
  readonly checkpoint: Checkpoint;
}

interface StreamRecord {
  epoch: string;
  position: string;
  state: 'open' | 'closed';
  rows_applied: string;
  checkpoint: string;
}

export async function readStreamRow(client: pg.Client, context: string, direction: Direction): Promise<StreamRow | null> {
  const { rows } = await client.query<StreamRecord>(
    'SELECT epoch, position, state, rows_applied, checkpoint FROM strangler.streams WHERE context = $1 AND direction = $2',
    [context, direction],
  );
  return rows[0] === undefined ? null : parse(rows[0]);
}

const parse = (row: StreamRecord): StreamRow => ({
  epoch: BigInt(row.epoch),
  position: lsnFromText(row.position),
  state: row.state,
  rowsApplied: BigInt(row.rows_applied),
  checkpoint: JSON.parse(row.checkpoint),
});

/**
 * Locks the row for the rest of the transaction: a second applier waits here and then sees the new position.
 * @throws StranglerError STREAM_CLOSED when the context moved on without this worker
 */
export async function lockStreamRow(client: pg.Client, context: string, direction: Direction, epoch: bigint): Promise<StreamRow & { deadLetters: number }> {
  const { rows } = await client.query<StreamRecord & { dead_letters: string }>({
    name: 'strangler_lock_stream',
    text: `SELECT epoch, position, state, rows_applied, checkpoint,
             (SELECT count(*) FROM strangler.dead_letters WHERE context = $1 AND direction = $2 AND state = 'open') AS dead_letters
           FROM strangler.streams WHERE context = $1 AND direction = $2 FOR UPDATE`,
    values: [context, direction],
  });
  const record = rows[0];
  if (record === undefined) throw closed(context, direction, 'its position row is gone');
  const row = parse(record);
  if (row.state === 'closed') throw closed(context, direction, 'it was closed');
  if (row.epoch !== epoch) throw closed(context, direction, `it belongs to epoch ${row.epoch}, this worker to ${epoch}`);
  return { ...row, deadLetters: Number(record.dead_letters) };
}

const closed = (context: string, direction: Direction, why: string): StranglerError =>
  new StranglerError('STREAM_CLOSED', `${context}: the ${direction} stream does not take changes: ${why}`, { details: { context, direction } });

export async function advanceStreamRow(
  client: pg.Client,
  context: string,
  direction: Direction,
  to: { readonly position: Lsn; readonly commitTime: bigint | null; readonly rows: number; readonly checkpoint?: Checkpoint },
): Promise<void> {
  await client.query({
    name: 'strangler_advance_stream',
    text: `UPDATE strangler.streams SET position = $3::pg_lsn, rows_applied = rows_applied + $4::bigint,
             commit_time = coalesce(to_timestamp($5::numeric / 1000000), commit_time), checkpoint = checkpoint || $6::jsonb
           WHERE context = $1 AND direction = $2`,
    values: [context, direction, lsnToText(to.position), to.rows, to.commitTime?.toString() ?? null, JSON.stringify(to.checkpoint ?? {})],
  });
}

/** Begins a stream at a position, or takes it over for a later epoch. An open stream of this epoch keeps its position. */
export async function openStreamRow(client: pg.Client, context: string, direction: Direction, epoch: bigint, position: Lsn): Promise<void> {
  await client.query(
    `INSERT INTO strangler.streams AS streams (context, direction, epoch, position, state, rows_applied)
     VALUES ($1, $2, $3, $4::pg_lsn, 'open', 0)
     ON CONFLICT (context, direction) DO UPDATE SET epoch = EXCLUDED.epoch, position = EXCLUDED.position, state = 'open', commit_time = NULL, checkpoint = '{}'
     WHERE streams.epoch < EXCLUDED.epoch`,
    [context, direction, epoch.toString(), lsnToText(position)],
  );
}
