import type { Client } from 'pg';
import type { Direction } from '@strangler-toolkit/plan';
import type { Checkpoint } from '../stream/change-stream.ts';

/** The worker's position as it stands on the target of a direction. */
export interface StreamRow {
  readonly position: string;
  readonly state: 'open' | 'closed';
  readonly epoch: number;
  readonly reached: boolean;
  readonly checkpoint: Checkpoint;
}

export async function readStreamRow(
  client: Client,
  context: string,
  direction: Direction,
  stop: string,
): Promise<StreamRow | undefined> {
  const { rows } = await client.query<{
    position: string;
    state: 'open' | 'closed';
    epoch: string;
    reached: string;
    checkpoint: string;
  }>(
    `SELECT position::text AS position, state, epoch::text AS epoch, (position >= $3::pg_lsn)::int::text AS reached, checkpoint::text AS checkpoint
       FROM strangler.streams WHERE context = $1 AND direction = $2`,
    [context, direction, stop],
  );
  const row = rows[0];
  return (
    row && {
      position: row.position,
      state: row.state,
      epoch: Number(row.epoch),
      reached: row.reached === '1',
      checkpoint: JSON.parse(row.checkpoint),
    }
  );
}

export async function openDeadLetters(
  client: Client,
  context: string,
  direction: Direction,
): Promise<number> {
  const { rows } = await client.query<{ open: string }>(
    `SELECT count(*)::text AS open FROM strangler.dead_letters WHERE context = $1 AND direction = $2 AND state = 'open'`,
    [context, direction],
  );
  return Number(rows[0]?.open ?? 0);
}

export async function insertLsn(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>(
    'SELECT pg_current_wal_insert_lsn()::text AS lsn',
  );
  return rows[0]?.lsn ?? '0/0';
}

/** A committed change that the publication carries: it pushes the stream past everything before it. */
export async function writeProbe(
  client: Client,
  context: string,
  direction: Direction,
  marker: string,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.probe (context, direction, marker, at) VALUES ($1, $2, $3, clock_timestamp())
     ON CONFLICT (context, direction) DO UPDATE SET marker = excluded.marker, at = excluded.at`,
    [context, direction, marker],
  );
}
