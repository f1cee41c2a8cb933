import type { Querying } from './querying.ts';

// The column names are those that Debezium's outbox event router reads unless told otherwise.
const statements = [
  `CREATE TABLE IF NOT EXISTS outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregatetype text NOT NULL CONSTRAINT outbox_aggregatetype_names_a_topic CHECK (aggregatetype ~ '^[a-zA-Z0-9._-]{1,100}$'),
    aggregateid text NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL CONSTRAINT outbox_payload_fits_a_message CHECK (octet_length(payload::text) <= 900000),
    traceparent text,
    tracestate text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )`,
  'CREATE INDEX IF NOT EXISTS outbox_created_at_idx ON outbox (created_at, id)',
];

/**
 * Makes the table of events to publish, for a service's migration. Any program may insert into it, in any language.
 *
 * Both checks are there because of those who write by hand: an event whose topic cannot exist, or that no broker takes, would
 * hold up every event after it; so the write that brings it is refused.
 */
export async function installOutbox(connection: Querying): Promise<void> {
  for (const statement of statements) await connection.query(statement, []);
}
