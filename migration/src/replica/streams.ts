import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteLiteral } from '../database/identifiers.ts';
import { type Lsn, lsnFromText, lsnToText } from '../database/lsn.ts';
import { openDeadLettersText } from './dead-letters.ts';
import { hasTable } from './schema.ts';

/**
 * Where a transport goes on, beyond the position: its own names and values, stored with the applied changes and handed back at
 * the next start. Each one given replaces that of the same name; the others stay.
 */
export type Checkpoint = Readonly<Record<string, string>>;

/** One direction of one context, as statements about it name it. */
export interface StreamKey {
  readonly context: string;
  readonly direction: Direction;
}

/**
 * What a worker leaves in its source, to find it there again. Each session begins a line of its own, with a name that nobody
 * can guess, and counts in it: a database that went back to an earlier state, and then wrote marks of its own, has the line
 * not at all, or not as far.
 */
export interface Mark {
  readonly line: string;
  readonly number: number;
}

/** The history that a position belongs to: a source in which it is not found again is another one, whatever its address. */
export interface StreamHistory {
  /** Of the server, as initdb gave it; a copy of the data folder has the same. */
  readonly system: string;
  readonly timeline: number;
  /** The newest of our marks in the source that was passed; null: whoever reads may not write there. */
  readonly mark: Mark | null;
}

/** The row of strangler.streams on the target: how far a direction was applied, and by which epoch's right. */
export interface StreamRow {
  readonly epoch: bigint;
  readonly position: Lsn;
  readonly state: 'open' | 'closed';
  readonly rowsApplied: bigint;
  readonly checkpoint: Checkpoint;
  /** `null`: an older release stored the position, or nothing was applied in this epoch. */
  readonly history: StreamHistory | null;
}

interface StreamRecord {
  epoch: string;
  position: string;
  state: 'open' | 'closed';
  rows_applied: string;
  checkpoint: string;
  history: string | null;
}

export async function readStreamRow(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<StreamRow | null> {
  const { rows } = await client.query<StreamRecord>(
    `SELECT epoch::text, position::text, state, rows_applied::text, checkpoint::text, history::text
       FROM strangler.streams WHERE context = $1 AND direction = $2`,
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
  history: row.history === null ? null : JSON.parse(row.history),
});

/** A row that is locked, and how many dead letters are open. */
export type LockedStreamRow = StreamRow & { readonly deadLetters: number };
type LockedRecord = StreamRecord & { dead_letters: string };

const lockText = (context: string, direction: string): string => `
  SELECT epoch, position, state, rows_applied, checkpoint, history,
    (${openDeadLettersText(context, direction)}) AS dead_letters
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

const beginStatement = 'strangler_begin_stream';
const advanceStatement = 'strangler_advance_stream';
const preparedIn = new WeakMap<pg.Client, Set<string>>();

/** A statement that stays in the session: `several` can execute it beside others, which the protocol's own cannot. */
async function prepareOnce(client: pg.Client, name: string, statement: string): Promise<void> {
  const prepared = preparedIn.get(client) ?? new Set();
  if (prepared.has(name)) return;
  await client.query(`PREPARE ${name} ${statement}`);
  preparedIn.set(client, prepared.add(name));
}

/** What begins a transaction's savepoint, sent with what begins the transaction: one way to the server instead of two. */
export const writeSavepoint = 'SAVEPOINT strangler_write';

/**
 * Begins a transaction with the lock of the row and a savepoint: on one way to the server, because a small batch spends its
 * time on the ways, and planned once in a session, because the server spends most of what it needs for such a batch on plans.
 * @throws StranglerError STREAM_CLOSED when the context moved on without this worker
 */
export async function beginLocked(
  client: pg.Client,
  context: string,
  direction: Direction,
  epoch: bigint,
): Promise<LockedStreamRow> {
  await prepareOnce(client, beginStatement, `(text, text) AS ${lockText('$1', '$2')}`);
  const results = await several<LockedRecord>(client, [
    'BEGIN',
    `EXECUTE ${beginStatement} (${quoteLiteral(context)}, ${quoteLiteral(direction)})`,
    writeSavepoint,
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

const advanceText = `(text, text, pg_lsn, bigint, numeric, jsonb, jsonb) AS
  UPDATE strangler.streams SET position = $3, rows_applied = rows_applied + $4,
    commit_time = coalesce(to_timestamp($5 / 1000000), commit_time), checkpoint = checkpoint || $6, history = coalesce($7, history)
  WHERE context = $1 AND direction = $2`;

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
    readonly history?: StreamHistory | undefined;
  },
): Promise<void> {
  await prepareOnce(client, advanceStatement, advanceText);
  const values = [
    context,
    direction,
    lsnToText(to.position),
    String(to.rows),
    to.commitTime === null ? null : String(to.commitTime),
    JSON.stringify(to.checkpoint ?? {}),
    to.history ? JSON.stringify(to.history) : null,
  ];
  const literals = values.map((value) => (value === null ? 'NULL' : quoteLiteral(value)));
  await several(client, [`EXECUTE ${advanceStatement} (${literals.join(', ')})`, 'COMMIT']);
}

/** Begins a stream at a position, or takes it over for a later epoch. An open stream of this epoch keeps its position. */
export async function openStreamRow(
  client: pg.Client,
  { context, direction }: StreamKey,
  {
    epoch,
    position,
    history,
    checkpoint = {},
  }: {
    readonly epoch: bigint;
    readonly position: Lsn;
    readonly history?: StreamHistory;
    readonly checkpoint?: Checkpoint;
  },
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.streams AS streams (context, direction, epoch, position, state, rows_applied, history, checkpoint)
     VALUES ($1, $2, $3, $4::pg_lsn, 'open', 0, $5::jsonb, $6::jsonb)
     ON CONFLICT (context, direction) DO UPDATE
       SET epoch = EXCLUDED.epoch, position = EXCLUDED.position, state = 'open', commit_time = NULL,
           checkpoint = EXCLUDED.checkpoint, history = EXCLUDED.history
     WHERE streams.epoch < EXCLUDED.epoch`,
    [
      context,
      direction,
      epoch.toString(),
      lsnToText(position),
      history === undefined ? null : JSON.stringify(history),
      JSON.stringify(checkpoint),
    ],
  );
}

/** Closes a stream that has applied everything up to `stop` in its epoch; the position, or undefined when it has not. */
export async function closeStreamAt(
  client: pg.Client,
  { context, direction }: StreamKey,
  at: { readonly epoch: number; readonly stop: string },
): Promise<string | undefined> {
  const { rows } = await client.query<{ position: string }>(
    `UPDATE strangler.streams SET state = 'closed'
      WHERE context = $1 AND direction = $2 AND epoch = $3 AND position >= $4::pg_lsn
      RETURNING position::text AS position`,
    [context, direction, at.epoch, at.stop],
  );
  return rows[0]?.position;
}

/** Closes a stream wherever it stands; whether there was one. */
export async function closeStream(
  client: pg.Client,
  { context, direction }: StreamKey,
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE strangler.streams SET state = 'closed' WHERE context = $1 AND direction = $2`,
    [context, direction],
  );
  return rowCount ?? 0;
}

/** Takes the closing of this epoch back; whether it was closed. */
export async function reopenStream(
  client: pg.Client,
  { context, direction }: StreamKey,
  epoch: number,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE strangler.streams SET state = 'open'
      WHERE context = $1 AND direction = $2 AND epoch = $3 AND state = 'closed'`,
    [context, direction, epoch],
  );
  return rowCount === 1;
}

/** What was applied is about to be thrown away. */
export async function forgetStream(
  client: pg.Client,
  { context, direction }: StreamKey,
): Promise<void> {
  await client.query('DELETE FROM strangler.streams WHERE context = $1 AND direction = $2', [
    context,
    direction,
  ]);
}

/** Locks the row for the running transaction; undefined when there is none. */
export async function lockStreamState(
  client: pg.Client,
  { context, direction }: StreamKey,
): Promise<{ readonly state: 'open' | 'closed'; readonly epoch: string } | undefined> {
  const { rows } = await client.query<{ state: 'open' | 'closed'; epoch: string }>(
    `SELECT state, epoch::text AS epoch FROM strangler.streams
      WHERE context = $1 AND direction = $2 FOR UPDATE`,
    [context, direction],
  );
  return rows[0];
}

/** Positions of both directions; also in a database that never had any. */
export async function forgetStreams(client: pg.ClientBase, context: string): Promise<void> {
  if (await hasTable(client, 'streams'))
    await client.query('DELETE FROM strangler.streams WHERE context = $1', [context]);
}
