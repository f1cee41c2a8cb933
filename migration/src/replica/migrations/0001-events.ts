/** What a consumer of domain events remembers in its own database. */
export const events0001 = `
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
);`;
