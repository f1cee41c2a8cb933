import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Lsn, lsnFromText } from '../database/lsn.ts';
import { hasTable } from './schema.ts';
import type { Mark, StreamKey } from './streams.ts';

export interface WrittenMark extends Mark {
  /** Whoever applied everything before this position has passed the mark. */
  readonly before: Lsn;
}

/** Sessions remembered for a target that was restored from a backup and reads what it missed from Kafka. */
const keptLines = 200;

/** After the statement has committed. */
async function endOfLog(client: pg.Client): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
  return lsnFromText(rows[0]?.lsn ?? '0/0');
}

/** `keep`: the line that the target knows; it stays however many sessions came since. */
export async function beginLine(
  client: pg.Client,
  { context, direction }: StreamKey,
  keep: string | undefined,
): Promise<WrittenMark> {
  const line = randomUUID();
  await client.query(
    `WITH begun AS (
       INSERT INTO strangler.marks (context, direction, line) VALUES ($1, $2, $3::uuid)
     )
     DELETE FROM strangler.marks
      WHERE context = $1 AND direction = $2 AND line IS DISTINCT FROM $4::uuid
        AND line NOT IN (SELECT line FROM strangler.marks WHERE context = $1 AND direction = $2
                          ORDER BY at DESC LIMIT ${keptLines})`,
    [context, direction, line, keep ?? null],
  );
  return { line, number: 1, before: await endOfLog(client) };
}

/** Nobody waits for the disk: a mark that a crash of the source takes away was passed by nobody. */
export async function nextMark(
  client: pg.Client,
  { context, direction }: StreamKey,
  { line, number }: Mark,
): Promise<WrittenMark> {
  await client.query({
    name: 'strangler_next_mark',
    text: `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
      UPDATE strangler.marks SET number = $4, at = clock_timestamp() FROM quick
       WHERE context = $1 AND direction = $2 AND line = $3::uuid`,
    values: [context, direction, line, number + 1],
  });
  return { line, number: number + 1, before: await endOfLog(client) };
}

/** How far a line was counted in this database; null: it has no such line. */
export async function countedTo(
  client: pg.Client,
  { context, direction }: StreamKey,
  line: string,
): Promise<number | null> {
  if (!(await hasTable(client, 'marks'))) return null;
  const { rows } = await client.query<{ number: string }>(
    `SELECT number::text AS number FROM strangler.marks
      WHERE context = $1 AND direction = $2 AND line = $3::uuid`,
    [context, direction, line],
  );
  return rows[0] === undefined ? null : Number(rows[0].number);
}

/** Marks of one direction, once its stream is gone. */
export async function forgetMarks(
  client: pg.ClientBase,
  { context, direction }: StreamKey,
): Promise<void> {
  if (await hasTable(client, 'marks'))
    await client.query('DELETE FROM strangler.marks WHERE context = $1 AND direction = $2', [
      context,
      direction,
    ]);
}
