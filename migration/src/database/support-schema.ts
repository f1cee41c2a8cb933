import type pg from 'pg';
import { toStranglerError } from './database-error.ts';

/** Any number of processes may install at once; the advisory lock (an arbitrary constant) makes them take turns. */
const ddl = `
SELECT pg_advisory_xact_lock(7265417001);
CREATE SCHEMA IF NOT EXISTS strangler;
CREATE TABLE IF NOT EXISTS strangler.streams (
  context      text NOT NULL,
  direction    text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  epoch        bigint NOT NULL,
  position     pg_lsn NOT NULL,
  commit_time  timestamptz,
  state        text NOT NULL CHECK (state IN ('open', 'closed')),
  rows_applied bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (context, direction)
);
CREATE TABLE IF NOT EXISTS strangler.dead_letters (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context    text NOT NULL,
  direction  text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  table_name text NOT NULL,
  key        jsonb NOT NULL,
  event      jsonb NOT NULL,
  error_code text NOT NULL,
  error      text NOT NULL,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'dropped'))
);
CREATE INDEX IF NOT EXISTS dead_letters_open ON strangler.dead_letters (context, direction, table_name, key) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS strangler.probe (
  context   text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  marker    uuid NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, direction)
)`;

/**
 * The toolkit's own tables in a data database: positions, dead letters, probe markers. Safe to run again and at once.
 * @throws StranglerError DB_PRIVILEGE
 */
export async function installSupportSchema(client: pg.Client): Promise<void> {
  const installed = await client.query(`SELECT to_regclass('strangler.streams') IS NOT NULL AND to_regclass('strangler.dead_letters') IS NOT NULL AND to_regclass('strangler.probe') IS NOT NULL AS yes`);
  if (installed.rows[0]?.yes === 't') return;
  try {
    await client.query('BEGIN');
    await client.query(ddl);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw toStranglerError(error, 'creating schema strangler (GRANT CREATE ON DATABASE … TO the user of the URL)');
  }
}
