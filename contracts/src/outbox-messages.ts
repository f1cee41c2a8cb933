import pg from 'pg';
import { type MessageWatch, sourceLimitMs, Unpublished } from './message-source.ts';

interface Row {
  readonly id: string;
  readonly aggregatetype: string;
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: unknown;
}

export async function watchOutbox(outbox: string): Promise<MessageWatch> {
  const client = new pg.Client({
    connectionString: outbox,
    connectionTimeoutMillis: sourceLimitMs,
    query_timeout: sourceLimitMs,
  });
  const close = (): Promise<void> => client.end();
  try {
    await client.connect();
    // Of the table as well: a database without an outbox publishes nothing, and breaks no promise either. As text, to the microsecond.
    const { rows: now } = await client.query<{ since: string }>(
      'SELECT clock_timestamp()::text AS since FROM (SELECT count(*) FROM (SELECT FROM outbox LIMIT 1) AS any_row) AS looked',
    );
    const since = now[0]?.since;
    return {
      async newest(type) {
        const { rows } = await client.query<Row>(
          `SELECT id, aggregatetype, aggregateid, type, payload FROM outbox
           WHERE type = $1 AND created_at >= $2::timestamptz ORDER BY created_at DESC LIMIT 1`,
          [type, since],
        );
        const [row] = rows;
        if (row === undefined) throw new Unpublished(type);
        return {
          contents: row.payload,
          metadata: {
            id: row.id,
            type: row.type,
            aggregateType: row.aggregatetype,
            aggregateId: row.aggregateid,
          },
        };
      },
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
