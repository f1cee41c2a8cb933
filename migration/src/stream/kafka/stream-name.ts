import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { codeOf, type Direction, StranglerError } from '@strangler-toolkit/plan';
import { databaseFailure } from '../../database/failures.ts';

/** The source database's own note of its current stream. */
export interface StreamNote {
  readonly name: string;
  readonly beat: bigint;
  readonly beatAgeSeconds: number;
}

/** `null`: there is none, or no table for it. */
export async function readStreamNote(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<StreamNote | null> {
  try {
    const { rows } = await client.query<{ stream: string; beat: string; age: string }>(
      'SELECT stream, beat::text, extract(epoch FROM clock_timestamp() - at)::text AS age FROM ' +
        'strangler.heartbeat WHERE context = $1 AND direction = $2',
      [context, direction],
    );
    const row = rows[0];
    return row
      ? { name: row.stream, beat: BigInt(row.beat), beatAgeSeconds: Number(row.age) }
      : null;
  } catch (error) {
    if (codeOf(error) === '42P01' || codeOf(error) === '3F000') return null;
    throw error;
  }
}

/** A name that no stream had before, so that nothing of an earlier one can be taken for it. */
export async function noteNewStream(
  client: pg.Client,
  context: string,
  direction: Direction,
  slot: string,
): Promise<string> {
  const name = `${slot}_${randomBytes(4).toString('hex')}`;
  await client.query(
    `INSERT INTO strangler.heartbeat (context, direction, stream) VALUES ($1, $2, $3)
     ON CONFLICT (context, direction) DO UPDATE SET stream = excluded.stream, beat = 0, at = clock_timestamp()`,
    [context, direction, name],
  );
  return name;
}

/** @throws StranglerError POSITION_GAP when the database knows no stream of this direction */
export async function requireStreamNote(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<StreamNote> {
  const note = await readStreamNote(client, context, direction).catch((error: unknown) =>
    Promise.reject(databaseFailure(error, `Cannot read the stream of ${context}`)),
  );
  if (note === null) {
    throw new StranglerError(
      'POSITION_GAP',
      `${context}: database ${client.database ?? ''} knows no ${direction} stream through ` +
        `Kafka: it was made by another transport, or removed`,
      {
        remedy: `Go on with the transport it began with, or run strangler replicate ${context} --restart, which copies anew.`,
      },
    );
  }
  return note;
}
