-- Schema strangler as release 0.1.0 made it in a data database, with a row in each table.
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

CREATE TABLE IF NOT EXISTS strangler.stray_writes (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context          text NOT NULL,
  table_name       text NOT NULL,
  operation        text NOT NULL,
  application_name text NOT NULL,
  db_user          text NOT NULL,
  query            text NOT NULL,
  writes           bigint NOT NULL DEFAULT 1,
  first_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS stray_writes_writer ON strangler.stray_writes (context, md5(query));
-- The highest move that ever touched this database: see move-guard.ts.
CREATE TABLE IF NOT EXISTS strangler.move_guards (
  context text PRIMARY KEY,
  control text NOT NULL,
  number  bigint NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE OR REPLACE FUNCTION strangler.fence_refuse() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$
BEGIN
  -- A sequence keeps its value when the refused transaction rolls back. Counting must never hide the refusal. A move that
  -- tries its own fence is no stray writer.
  BEGIN
    IF coalesce(current_setting('strangler.trying_fence', true), '') <> 'on' THEN
      PERFORM nextval(format('strangler.%I', 'refused_' || TG_ARGV[0])::regclass);
    END IF;
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RAISE EXCEPTION 'context "%" is owned by the %: writes to %.% are refused here', TG_ARGV[0], TG_ARGV[1], TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'SF001', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
          HINT = format('Write to the %s, or through the facade, which knows the owner.', TG_ARGV[1]);
END $fence$;

-- Audit never waits for another writer (SKIP LOCKED, no unique index), never reads under a snapshot that could make the
-- business transaction unserialisable, and swallows every error of its own: a business write must not notice it.
-- So one writer may own several rows; readers add them up. Literals are masked: queries may hold personal data.
CREATE OR REPLACE FUNCTION strangler.fence_audit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$
DECLARE
  relation text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  app text := coalesce(current_setting('application_name', true), '');
  masked text;
  seen bigint;
BEGIN
  BEGIN
    masked := left(coalesce(current_query(), ''), 2000);
    masked := regexp_replace(masked, $re$'([^']|'')*('|$)$re$, '?', 'g');
    masked := left(regexp_replace(regexp_replace(masked, $re$\m\d+(\.\d+)?\M$re$, '?', 'g'), $re$\s+$re$, ' ', 'g'), 300);
    IF current_setting('transaction_isolation') = 'read committed' THEN
      SELECT id INTO seen FROM strangler.stray_writes
       WHERE context = TG_ARGV[0] AND md5(query) = md5(masked) AND query = masked AND table_name = relation
         AND operation = TG_OP AND application_name = app AND db_user = session_user
       LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF seen IS NULL THEN
      INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query)
      VALUES (TG_ARGV[0], relation, TG_OP, app, session_user, masked);
    ELSE
      UPDATE strangler.stray_writes SET writes = writes + 1, last_at = clock_timestamp() WHERE id = seen;
    END IF;
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RETURN NULL;
END $fence$;
REVOKE ALL ON FUNCTION strangler.fence_refuse(), strangler.fence_audit() FROM PUBLIC;
COMMENT ON FUNCTION strangler.fence_refuse() IS 'strangler fence 2';
CREATE SEQUENCE strangler.refused_shop;

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
);

INSERT INTO strangler.streams (context, direction, epoch, position, rows_applied, checkpoint)
VALUES ('shop', 'forward', 3, '0/16B3748', 42, '{"topic/0": "7"}');
INSERT INTO strangler.dead_letters (context, direction, table_name, key, event, error_code, error)
VALUES ('shop', 'forward', 'public.items', '{"id": "1"}', '{}', '23514', 'does not fit');
INSERT INTO strangler.copies (context, copier) VALUES ('shop', '00000000-0000-0000-0000-000000000001');
INSERT INTO strangler.probe (context, direction, marker)
VALUES ('shop', 'forward', '00000000-0000-0000-0000-000000000002');
INSERT INTO strangler.heartbeat (context, direction, stream, beat) VALUES ('shop', 'forward', 's', 5);
INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query)
VALUES ('shop', 'public.items', 'INSERT', 'cron', 'bob', 'INSERT …');
INSERT INTO strangler.move_guards (context, control, number) VALUES ('shop', 'c', 9);
INSERT INTO strangler.processed_events (consumer, event_id)
VALUES ('mail', '00000000-0000-0000-0000-000000000003');
INSERT INTO strangler.event_positions (consumer, service, position) VALUES ('mail', 'shop', '0/16B3748');
SELECT nextval('strangler.refused_shop');
