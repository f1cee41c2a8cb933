/** Whose history a position belongs to: what a stream saw of its source, and the marks that it must find there again. */
export const replication0002 = `
ALTER TABLE strangler.streams ADD COLUMN IF NOT EXISTS history jsonb;
CREATE TABLE IF NOT EXISTS strangler.marks (
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  line uuid NOT NULL,
  number bigint NOT NULL DEFAULT 1,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, direction, line)
);`;
