/** What a copy that was cut off goes on from: ranges that are there, and rows that must be read once more. */
export const replication0006 = `
ALTER TABLE strangler.copies ADD COLUMN IF NOT EXISTS resumable uuid;
ALTER TABLE strangler.copies ADD COLUMN IF NOT EXISTS paused_at timestamptz;
CREATE TABLE IF NOT EXISTS strangler.copied_ranges (
  context text NOT NULL,
  table_name text NOT NULL,
  part text NOT NULL,
  from_page bigint NOT NULL,
  to_page bigint,
  files text NOT NULL,
  rows bigint NOT NULL,
  bytes bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS copied_ranges_context ON strangler.copied_ranges (context, table_name);
CREATE TABLE IF NOT EXISTS strangler.copy_keys (
  context text NOT NULL,
  table_name text NOT NULL,
  key jsonb NOT NULL,
  PRIMARY KEY (context, table_name, key)
);`;
