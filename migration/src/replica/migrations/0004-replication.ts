/** What the applied rows of a direction rest on: tables, publication and mapping as they were when that was last proven. */
export const replication0004 = `
CREATE TABLE IF NOT EXISTS strangler.identities (
  context text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  epoch bigint NOT NULL,
  identity jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, direction)
);`;
