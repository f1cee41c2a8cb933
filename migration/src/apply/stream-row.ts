import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteLiteral } from '../database/identifiers.ts';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { Checkpoint } from '../stream/change-stream.ts';
import { openSavepoint } from './savepoint.ts';

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

export async function readStreamRow(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<StreamRow | null> {
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

/** A row that is locked, and how many dead letters are open. */
export type LockedStreamRow = StreamRow & { readonly deadLetters: number };
type LockedRecord = StreamRecord & { dead_letters: string };

const lockText = (context: string, direction: string): string => `
  SELECT epoch, position, state, rows_applied, checkpoint,
    (SELECT count(*) FROM strangler.dead_letters WHERE context = ${context} AND direction = ${direction} AND state = 'open') AS dead_letters
  FROM strangler.streams WHERE context = ${context} AND direction = ${direction} FOR UPDATE`;

/**
 * Locks the row for the rest of the transaction: a second applier waits here and then sees the new position.
 * @throws StranglerError STREAM_CLOSED when the context moved on without this worker
 */
export async function lockStreamRow(
  client: pg.Client,
  context: string,
  direction: Direction,
  epoch: bigint,
): Promise<LockedStreamRow> {
  const { rows } = await client.query<LockedRecord>({
    name: 'strangler_lock_stream',
    text: lockText('$1', '$2'),
    values: [context, direction],
  });
  return ours(rows[0], context, direction, epoch);
}

/**
 * Begins a transaction with the lock of the row and a savepoint: on one way to the server, because a small batch spends its
 * time on the ways.
 * @throws StranglerError STREAM_CLOSED when the context moved on without this worker
 */
export async function beginLocked(
  client: pg.Client,
  context: string,
  direction: Direction,
  epoch: bigint,
): Promise<LockedStreamRow> {
  const results = await several<LockedRecord>(client, [
    'BEGIN',
    lockText(quoteLiteral(context), quoteLiteral(direction)),
    openSavepoint,
  ]);
  return ours(results[1]?.rows[0], context, direction, epoch);
}

/** Statements without parameters, sent together; they fail together as well. */
async function several<T extends pg.QueryResultRow>(
  client: pg.Client,
  statements: readonly string[],
): Promise<readonly pg.QueryResult<T>[]> {
  const results: pg.QueryResult<T> | readonly pg.QueryResult<T>[] = await client.query<T>(
    statements.join(';'),
  );
  return Array.isArray(results) ? results : [results];
}

function ours(
  record: LockedRecord | undefined,
  context: string,
  direction: Direction,
  epoch: bigint,
): LockedStreamRow {
  if (record === undefined) throw closed(context, direction, 'its position row is gone');
  const row = parse(record);
  if (row.state === 'closed') throw closed(context, direction, 'it was closed');
  if (row.epoch !== epoch)
    throw closed(context, direction, `it belongs to epoch ${row.epoch}, this worker to ${epoch}`);
  return { ...row, deadLetters: Number(record.dead_letters) };
}

const closed = (context: string, direction: Direction, why: string): StranglerError =>
  new StranglerError(
    'STREAM_CLOSED',
    `${context}: the ${direction} stream does not take changes: ${why}`,
    { details: { context, direction } },
  );

/** Stores how far the transaction came, and commits it: on one way to the server. */
export async function commitAdvanced(
  client: pg.Client,
  context: string,
  direction: Direction,
  to: {
    readonly position: Lsn;
    readonly commitTime: bigint | null;
    readonly rows: number;
    readonly checkpoint?: Checkpoint;
  },
): Promise<void> {
  await several(client, [
    `UPDATE strangler.streams SET position = '${lsnToText(to.position)}', rows_applied = rows_applied + ${to.rows},
       commit_time = coalesce(to_timestamp(${to.commitTime ?? 'NULL'}::numeric / 1000000), commit_time), checkpoint = checkpoint || ${quoteLiteral(JSON.stringify(to.checkpoint ?? {}))}::jsonb
     WHERE context = ${quoteLiteral(context)} AND direction = ${quoteLiteral(direction)}`,
    'COMMIT',
  ]);
}

/** Begins a stream at a position, or takes it over for a later epoch. An open stream of this epoch keeps its position. */
export async function openStreamRow(
  client: pg.Client,
  context: string,
  direction: Direction,
  epoch: bigint,
  position: Lsn,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.streams AS streams (context, direction, epoch, position, state, rows_applied)
     VALUES ($1, $2, $3, $4::pg_lsn, 'open', 0)
     ON CONFLICT (context, direction) DO UPDATE SET epoch = EXCLUDED.epoch, position = EXCLUDED.position, state = 'open', commit_time = NULL, checkpoint = '{}'
     WHERE streams.epoch < EXCLUDED.epoch`,
    [context, direction, epoch.toString(), lsnToText(position)],
  );
}
