import type pg from 'pg';
import { type Lsn, lsnFromText, lsnToText } from '../database/lsn.ts';

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
    `SELECT key AS place, value AS next FROM strangler.event_positions, jsonb_each_text(offsets)
      WHERE consumer = $1 AND service = $2`,
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
    `INSERT INTO strangler.event_positions AS stored (consumer, service, offsets)
     VALUES ($1, $2, jsonb_build_object($3::text, $4::bigint))
     ON CONFLICT (consumer, service) DO UPDATE
       SET offsets = stored.offsets || jsonb_build_object($3::text, greatest($4::bigint, (stored.offsets ->> $3)::bigint)),
           at = clock_timestamp()`,
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
