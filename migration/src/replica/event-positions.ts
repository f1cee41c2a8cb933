import type pg from 'pg';
import type { StreamHistory } from './streams.ts';
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
  history?: StreamHistory,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.event_positions AS known (consumer, service, position, history)
     VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (consumer, service) DO UPDATE
       SET position = excluded.position, history = coalesce(excluded.history, known.history),
           at = clock_timestamp()`,
    [
      consumer,
      service,
      position === 'beginning' ? null : lsnToText(position),
      history === undefined ? null : JSON.stringify(history),
    ],
  );
}

/** `null`: an older release stored the position. */
export async function readHistory(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
): Promise<StreamHistory | null> {
  const { rows } = await client.query<{ history: string | null }>(
    `SELECT history::text AS history FROM strangler.event_positions
      WHERE consumer = $1 AND service = $2`,
    [consumer, service],
  );
  const text = rows[0]?.history ?? null;
  return text === null ? null : JSON.parse(text);
}

async function readByPlace(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
  column: 'offsets' | 'handled',
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ place: string; value: string }>(
    `SELECT key AS place, value FROM strangler.event_positions, jsonb_each_text(${column})
      WHERE consumer = $1 AND service = $2`,
    [consumer, service],
  );
  return new Map(rows.map(({ place, value }) => [place, value]));
}

/** Next offset of each partition, by `topic/partition`. */
export async function readOffsets(
  client: pg.ClientBase,
  subscriber: Subscriber,
): Promise<ReadonlyMap<string, bigint>> {
  const texts = await readByPlace(client, subscriber, 'offsets');
  return new Map([...texts].map(([place, next]) => [place, BigInt(next)]));
}

/** The event before the next offset of each partition, by `topic/partition`; an older release did not say which it was. */
export const readHandled = (
  client: pg.ClientBase,
  subscriber: Subscriber,
): Promise<ReadonlyMap<string, string>> => readByPlace(client, subscriber, 'handled');

/** A process that was late does not set another one's offset back. `handled`: the event before `next`. */
export async function storeOffset(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
  place: string,
  { next, handled }: { readonly next: bigint; readonly handled: string },
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.event_positions AS stored (consumer, service, offsets, handled)
     VALUES ($1, $2, jsonb_build_object($3::text, $4::bigint), jsonb_build_object($3::text, $5::text))
     ON CONFLICT (consumer, service) DO UPDATE
       SET offsets = stored.offsets || excluded.offsets, handled = stored.handled || excluded.handled,
           at = clock_timestamp()
     WHERE coalesce((stored.offsets ->> $3)::bigint <= $4::bigint, true)`,
    [consumer, service, place, String(next), handled],
  );
}

/** What is known of the chains of marks, by connector. */
export async function readMarks<T>(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
): Promise<Readonly<Record<string, T>>> {
  const { rows } = await client.query<{ marks: string }>(
    `SELECT marks::text AS marks FROM strangler.event_positions WHERE consumer = $1 AND service = $2`,
    [consumer, service],
  );
  return rows[0] === undefined ? {} : JSON.parse(rows[0].marks);
}

export async function storeMarks(
  client: pg.ClientBase,
  { consumer, service }: Subscriber,
  connector: string,
  known: unknown,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.event_positions AS stored (consumer, service, marks)
     VALUES ($1, $2, jsonb_build_object($3::text, $4::jsonb))
     ON CONFLICT (consumer, service) DO UPDATE
       SET marks = stored.marks || excluded.marks, at = clock_timestamp()`,
    [consumer, service, connector, JSON.stringify(known)],
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
