import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { codeOf, type Direction, StranglerError } from '@strangler-toolkit/plan';
import { databaseFailure } from '../database/failures.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import { replicaSchema } from './schema.ts';

export const heartbeatTable = { schema: replicaSchema, table: 'heartbeat' } as const;

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
      `SELECT stream, beat::text, extract(epoch FROM clock_timestamp() - at)::text AS age
         FROM strangler.heartbeat WHERE context = $1 AND direction = $2`,
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
     ON CONFLICT (context, direction) DO UPDATE SET stream = excluded.stream, beat = 0, at = clock_timestamp(), slot_seen = NULL`,
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

interface Beating {
  readonly context: string;
  readonly direction: Direction;
  readonly stream: string;
}

const where = ({ context, direction, stream }: Beating): string =>
  `context = ${quoteLiteral(context)} AND direction = ${quoteLiteral(direction)} AND stream = ${quoteLiteral(stream)}`;

const madeAnew = (slot: string): string =>
  `strangler.slot_made_anew(slot_seen, ${quoteLiteral(slot).trim()})`;

/** One beat of a stream, as a statement without parameters. */
const beatStatement = (of: Beating): string =>
  `UPDATE strangler.heartbeat SET beat = beat + 1, at = clock_timestamp() WHERE ${where(of)}`;

/** The connector's own beat also says what it sees of its slot; of another slot it says nothing. */
export const connectorBeatStatement = (of: Beating & { readonly slot: string }): string =>
  `UPDATE strangler.heartbeat SET beat = beat + 1, at = clock_timestamp(), slot_seen = CASE WHEN ` +
  `${madeAnew(of.slot)} THEN slot_seen ELSE strangler.slot_now(${quoteLiteral(of.slot).trim()}) END WHERE ${where(of)}`;

/** Whether the slot is another one than the connector read last, as an expression. */
export const slotMadeAnew = (of: Beating & { readonly slot: string }): string =>
  `EXISTS (SELECT FROM strangler.heartbeat WHERE ${where(of)} AND ${madeAnew(of.slot)})`;

/** @throws StranglerError POSITION_GAP when the slot is another one than the connector read last */
export async function refuseSlotMadeAnew(
  client: pg.Client,
  of: Beating & { readonly slot: string },
): Promise<void> {
  const { rows } = await client.query<{ anew: string }>(`SELECT ${slotMadeAnew(of)}::text AS anew`);
  if (rows[0]?.anew !== 'true') return;
  throw new StranglerError(
    'POSITION_GAP',
    `${of.context}: replication slot ${of.slot} was made anew since the connector read it: changes in between are missing ` +
      `(${of.direction})`,
    {
      details: { slot: of.slot, stream: of.stream },
      remedy: `Run strangler replicate ${of.context} --restart, which copies anew.`,
    },
  );
}

export async function beat(client: pg.Client, of: Beating): Promise<void> {
  await client.query(beatStatement(of));
}

/** What a person types where a database is a copy of another one and knows a stream that is not its own. */
export const forgetStreamStatement = (context: string, direction: Direction): string =>
  `DELETE FROM strangler.heartbeat WHERE context = '${context}' AND direction = '${direction}'`;
