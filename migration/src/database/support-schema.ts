import type pg from 'pg';
import { codeOf } from '@strangler-toolkit/plan';
import { databaseFailure } from './failures.ts';

// One string, run as one implicit transaction: a half-made schema is never seen.
const statements = `
SELECT pg_advisory_xact_lock(hashtext('strangler support schema'));
CREATE SCHEMA IF NOT EXISTS strangler;
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
ALTER TABLE strangler.streams ADD COLUMN IF NOT EXISTS checkpoint jsonb NOT NULL DEFAULT '{}';
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
CREATE INDEX IF NOT EXISTS dead_letters_open ON strangler.dead_letters (context, direction, table_name, key) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS strangler.copies (
  context text PRIMARY KEY,
  copier uuid,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE strangler.copies ADD COLUMN IF NOT EXISTS copier uuid;
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
);
`;

/** Another session made the same object: ours looked into its cache before it got the lock. */
const madeMeanwhile = new Set(['23505', '42P06', '42P07', '42710']);

/** Tables of the toolkit's own in a monolith's or service's database: positions, dead letters, probe. Idempotent. */
export async function installSupportSchema(client: pg.Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Looking first spares the right to create from roles that only use it, and the lock from every start.
      const { rows } = await client.query<{ installed: string }>(
        `SELECT bool_and(to_regclass('strangler.' || name) IS NOT NULL)
           AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('strangler.streams') AND attname = 'checkpoint' AND NOT attisdropped)
           AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('strangler.copies') AND attname = 'copier' AND NOT attisdropped) AS installed
         FROM unnest(ARRAY['streams', 'dead_letters', 'copies', 'probe', 'heartbeat', 'signal']) name`,
      );
      if (rows[0]?.installed === 't') return;
      await client.query(statements);
      return;
    } catch (error) {
      if (attempt < 5 && madeMeanwhile.has(codeOf(error))) continue;
      throw databaseFailure(
        error,
        `Cannot create schema strangler in database ${client.database ?? ''} (needs GRANT CREATE ON DATABASE … TO ${client.user ?? 'the role'})`,
      );
    }
  }
}
