const tables = `
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
);`;

/**
 * SECURITY DEFINER: the writer that is refused or recorded needs no right on schema strangler. The search path is fixed, so
 * nobody can slip in a function or operator of their own. Both functions run in the default trigger mode, so sessions with
 * session_replication_role = replica (the apply worker) never meet them.
 */
const functions = `
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
    masked := left(regexp_replace(regexp_replace(masked, $re$\\m\\d+(\\.\\d+)?\\M$re$, '?', 'g'), $re$\\s+$re$, ' ', 'g'), 300);
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
COMMENT ON FUNCTION strangler.fence_refuse() IS 'strangler fence 2';`;

/** What fences need: who wrote past them, which move may touch this database, the functions of their triggers. */
export const fences0001 = tables + functions;
