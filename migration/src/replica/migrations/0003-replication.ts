/** Who owns a context, as this database was told in the transaction that opened it or closed it. */
export const replication0003 = `
CREATE TABLE IF NOT EXISTS strangler.owners (
  context text PRIMARY KEY,
  owner text NOT NULL CHECK (owner IN ('monolith', 'service')),
  epoch bigint NOT NULL,
  start_lsn pg_lsn,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);`;
