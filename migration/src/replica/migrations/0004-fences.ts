/**
 * When each writer wrote, the newest five hundred times of it, and the request that the writer itself named: in a comment of its
 * statement (sqlcommenter) or in its application_name.
 */
const table = `
CREATE TABLE IF NOT EXISTS strangler.stray_moments (
  writer bigint NOT NULL,
  slot   int NOT NULL,
  at     timestamptz NOT NULL,
  trace  text,
  route  text,
  PRIMARY KEY (writer, slot)
);
-- The triggers write with the rights of who owns their functions, and that need not be who makes the tables.
DO $$ DECLARE
  writer regrole := (SELECT proowner FROM pg_proc WHERE oid = 'strangler.fence_audit()'::regprocedure);
BEGIN
  IF writer <> current_user::regrole THEN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON strangler.stray_moments TO %s', writer);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON strangler.fence_marks TO %s', writer);
  END IF;
END $$;`;

/**
 * As before, with the moment. Whoever holds the writer's row writes its slots, so nobody waits here either. A comment stands at
 * the begin or the end of a statement; of a trace the random half is kept.
 *
 * A transaction that writes a thousand times makes a thousand versions of its writer's row, and none of them goes before it ends:
 * where the newest lies is kept in the session, so that nobody walks past them. Seq scans would, in a table that was small once.
 */
const audit = `
CREATE OR REPLACE FUNCTION strangler.fence_audit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $fence$
DECLARE
  relation text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  app text := coalesce(current_setting('application_name', true), '');
  statement text := coalesce(current_query(), '');
  masked text;
  ends text;
  seen bigint;
  number bigint := 0;
  places text := coalesce(current_setting('strangler.audited', true), '');
  whose text;
  place tid;
BEGIN
  BEGIN
    masked := left(statement, 2000);
    masked := regexp_replace(masked, $re$'([^']|'')*('|$)$re$, '?', 'g');
    masked := left(regexp_replace(regexp_replace(masked, $re$\\m\\d+(\\.\\d+)?\\M$re$, '?', 'g'), $re$\\s+$re$, ' ', 'g'), 300);
    whose := md5(concat_ws(' ', TG_ARGV[0], TG_ARGV[2], relation, TG_OP, app, session_user, masked));
    IF current_setting('transaction_isolation') = 'read committed' THEN
      place := substring(places from whose || $re$=(\\(\\d{1,9},\\d{1,4}\\))$re$);
      SELECT id, ctid INTO seen, place FROM strangler.stray_writes
       WHERE ctid = place AND context = TG_ARGV[0] AND query = masked AND table_name = relation
         AND operation = TG_OP AND application_name = app AND db_user = session_user
         AND epoch IS NOT DISTINCT FROM TG_ARGV[2]::bigint
         FOR UPDATE SKIP LOCKED;
      IF seen IS NULL THEN
        SELECT id, ctid INTO seen, place FROM strangler.stray_writes
         WHERE context = TG_ARGV[0] AND md5(query) = md5(masked) AND query = masked AND table_name = relation
           AND operation = TG_OP AND application_name = app AND db_user = session_user
           AND epoch IS NOT DISTINCT FROM TG_ARGV[2]::bigint
         LIMIT 1 FOR UPDATE SKIP LOCKED;
      END IF;
    END IF;
    IF seen IS NULL THEN
      INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query, epoch)
      VALUES (TG_ARGV[0], relation, TG_OP, app, session_user, masked, TG_ARGV[2]::bigint)
      RETURNING id, ctid INTO seen, place;
    ELSE
      UPDATE strangler.stray_writes SET writes = writes + 1, last_at = clock_timestamp() WHERE ctid = place
      RETURNING writes, ctid INTO number, place;
    END IF;
    PERFORM set_config('strangler.audited',
      left(whose || '=' || place || ' ' || regexp_replace(places, whose || '=[^ ]* ?', ''), 2000), false);
    ends := app || ' ' || left(statement, 1000) || ' ' || right(statement, 1000);
    INSERT INTO strangler.stray_moments AS known (writer, slot, at, trace, route)
    VALUES (seen, number % 500, clock_timestamp(),
            substring(ends from $re$\\m00-[0-9a-f]{16}([0-9a-f]{16})-[0-9a-f]{16}-[0-9a-f]{2}\\M$re$),
            left(substring(ends from $re$/\\*[^*]*\\mroute='([^']+)'$re$), 300))
    ON CONFLICT (writer, slot) DO UPDATE SET at = EXCLUDED.at, trace = EXCLUDED.trace, route = EXCLUDED.route;
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RETURN NULL;
END $fence$;`;

export const fences0004 = table + audit;
