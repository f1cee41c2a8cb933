/** Positions, dead letters, marks of copies, probe, heartbeat, signal: what replicating a context needs. */
export const replication0001 = `
CREATE TABLE IF NOT EXISTS strangler.streams (
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  epoch bigint NOT NULL,
  position pg_lsn NOT NULL,
  commit_time timestamptz,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  rows_applied bigint NOT NULL DEFAULT 0,
  checkpoint jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (context, direction)
);
CREATE TABLE IF NOT EXISTS strangler.dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  table_name text NOT NULL,
  key jsonb NOT NULL,
  event jsonb NOT NULL,
  error_code text NOT NULL,
  error text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'dropped'))
);
CREATE INDEX IF NOT EXISTS dead_letters_open
  ON strangler.dead_letters (context, direction, table_name, key) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS strangler.copies (
  context text PRIMARY KEY,
  copier uuid,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS strangler.probe (
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  marker uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, direction)
);
CREATE TABLE IF NOT EXISTS strangler.heartbeat (
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  stream text NOT NULL,
  beat bigint NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, direction)
);
CREATE TABLE IF NOT EXISTS strangler.signal (
  id text PRIMARY KEY,
  type text NOT NULL,
  data text
);`;
