import pg from 'pg';

/** Where the messages of a provider come from. */
export interface MessageSource {
  /**
   * URL of the database whose table `outbox` holds what is published (id, aggregatetype, aggregateid, type, payload). A provider
   * state makes the event happen; the newest row since then, of the type that the pact's metadata names, is the message.
   */
  readonly outbox: string;
}

export interface PublishedMessage {
  readonly contents: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Looks at what was published since it was opened. */
export interface MessageWatch {
  /** @throws Error when nothing of this type was published since */
  newest(type: string): Promise<PublishedMessage>;
  close(): Promise<void>;
}

interface Row {
  readonly id: string;
  readonly aggregatetype: string;
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: unknown;
}

export async function watchMessages({ outbox }: MessageSource): Promise<MessageWatch> {
  const client = new pg.Client({
    connectionString: outbox,
    connectionTimeoutMillis: 30_000,
    query_timeout: 30_000,
  });
  await client.connect();
  const close = (): Promise<void> => client.end();
  try {
    // What was published before is no proof that it still is. As text, to the microsecond.
    const { rows: now } = await client.query<{ since: string }>(
      'SELECT clock_timestamp()::text AS since',
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
        if (row === undefined)
          throw new Error(`nothing of type "${type}" was published after its provider state`);
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
    await close();
    throw error;
  }
}
