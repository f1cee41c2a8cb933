import type pg from 'pg';
import { codeOf } from '@strangler-toolkit/plan';
import { databaseFailure } from '../database/failures.ts';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import type { Lsn } from '../stream/change-event.ts';

// One string, run as one implicit transaction. The lock is that of the support schema, which may be made at the same moment.
const statements = `
SELECT pg_advisory_xact_lock(hashtext('strangler support schema'));
CREATE SCHEMA IF NOT EXISTS strangler;
CREATE TABLE IF NOT EXISTS strangler.processed_events (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX IF NOT EXISTS processed_events_at ON strangler.processed_events (consumer, at);
CREATE TABLE IF NOT EXISTS strangler.event_positions (
  consumer text NOT NULL,
  service text NOT NULL,
  position pg_lsn,
  offsets jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, service)
);
`;

const madeMeanwhile = new Set(['23505', '42P06', '42P07', '42710']);

/** In the database of the consumer, where its handler writes. Idempotent. */
export async function installConsumerTables(client: pg.ClientBase): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rows } = await client.query<{ installed: string }>(
        `SELECT (to_regclass('strangler.processed_events') IS NOT NULL AND to_regclass('strangler.event_positions') IS NOT NULL)::text AS installed`,
      );
      if (rows[0]?.installed === 'true') return;
      await client.query(statements);
      return;
    } catch (error) {
      if (attempt < 5 && madeMeanwhile.has(codeOf(error))) continue;
      throw databaseFailure(
        error,
        'Cannot create schema strangler in the database of the consumer (needs GRANT CREATE ON DATABASE)',
      );
    }
  }
}

export interface Subscriber {
  readonly consumer: string;
  readonly service: string;
}

/** `unknown`: never heard of. `beginning`: what was there before the stream is not handled to its end. */
export async function readPosition(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
): Promise<Lsn | 'beginning' | 'unknown'> {
  const { rows } = await client.query<{ position: string | null }>(
    'SELECT position::text FROM strangler.event_positions WHERE consumer = $1 AND service = $2',
    [consumer, service],
  );
  const row = rows[0];
  if (!row) return 'unknown';
  return row.position === null ? 'beginning' : lsnFromText(row.position);
}

export async function storePosition(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
  position: Lsn | 'beginning',
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.event_positions (consumer, service, position) VALUES ($1, $2, $3)
     ON CONFLICT (consumer, service) DO UPDATE SET position = excluded.position, at = clock_timestamp()`,
    [consumer, service, position === 'beginning' ? null : lsnToText(position)],
  );
}

/** Next offset of each partition, by `topic/partition`. */
export async function readOffsets(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await client.query<{ place: string; next: string }>(
    'SELECT key AS place, value AS next FROM strangler.event_positions, jsonb_each_text(offsets) WHERE consumer = $1 AND service = $2',
    [consumer, service],
  );
  return new Map(rows.map(({ place, next }) => [place, BigInt(next)]));
}

/** A process that was late does not set another one's offset back. */
export async function storeOffset(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
  place: string,
  next: bigint,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.event_positions AS stored (consumer, service, offsets) VALUES ($1, $2, jsonb_build_object($3::text, $4::bigint))
     ON CONFLICT (consumer, service) DO UPDATE SET offsets = stored.offsets || jsonb_build_object($3::text, greatest($4::bigint, (stored.offsets ->> $3)::bigint)), at = clock_timestamp()`,
    [consumer, service, place, String(next)],
  );
}

export async function forgetPosition(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
): Promise<void> {
  await client.query('DELETE FROM strangler.event_positions WHERE consumer = $1 AND service = $2', [
    consumer,
    service,
  ]);
}
