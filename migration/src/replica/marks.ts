import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { quoteLiteral } from '../database/identifiers.ts';
import { type Lsn, lsnFromText } from '../database/lsn.ts';
import { hasTable } from './schema.ts';
import type { Mark, StreamKey } from './streams.ts';

export interface WrittenMark extends Mark {
  /** Whoever applied everything before this position has passed the mark. */
  readonly before: Lsn;
}

/** Sessions remembered for a target that was restored from a backup and reads what it missed from Kafka. */
const keptLines = 200;

/** The position comes from the same way to the server, after the commit. */
async function written(client: pg.Client, statements: readonly string[]): Promise<Lsn> {
  const results: unknown = await client.query(
    [...statements, 'SELECT pg_current_wal_insert_lsn()::text AS lsn'].join(';'),
  );
  const last = Array.isArray(results) ? (results.at(-1) as pg.QueryResult<{ lsn: string }>) : null;
  return lsnFromText(last?.rows[0]?.lsn ?? '0/0');
}

const ofStream = ({ context, direction }: StreamKey): string =>
  `context = ${quoteLiteral(context)} AND direction = ${quoteLiteral(direction)}`;

/** `keep`: the line that the target knows; it stays however many sessions came since. */
export async function beginLine(
  client: pg.Client,
  stream: StreamKey,
  keep: string | undefined,
): Promise<WrittenMark> {
  const line = randomUUID();
  const before = await written(client, [
    'BEGIN',
    `INSERT INTO strangler.marks (context, direction, line)
     VALUES (${quoteLiteral(stream.context)}, ${quoteLiteral(stream.direction)}, '${line}')`,
    `DELETE FROM strangler.marks
      WHERE ${ofStream(stream)} AND line::text <> ${quoteLiteral(keep ?? line)}
        AND line NOT IN (SELECT line FROM strangler.marks WHERE ${ofStream(stream)}
                          ORDER BY at DESC LIMIT ${keptLines})`,
    'COMMIT',
  ]);
  return { line, number: 1, before };
}

/** Nobody waits for the disk: a mark that a crash of the source takes away was passed by nobody. */
export async function nextMark(
  client: pg.Client,
  stream: StreamKey,
  { line, number }: Mark,
): Promise<WrittenMark> {
  const before = await written(client, [
    'BEGIN',
    'SET LOCAL synchronous_commit = off',
    `UPDATE strangler.marks SET number = ${number + 1}, at = clock_timestamp()
      WHERE ${ofStream(stream)} AND line = '${line}'`,
    'COMMIT',
  ]);
  return { line, number: number + 1, before };
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
