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
);`;

/**
 * As before, with the moment. Whoever holds the writer's row writes its slots, so nobody waits here either. A comment stands at
 * the begin or the end of a statement; of a trace the random half is kept.
 */
const audit = `
CREATE OR REPLACE FUNCTION strangler.fence_audit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$
DECLARE
  relation text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  app text := coalesce(current_setting('application_name', true), '');
  statement text := coalesce(current_query(), '');
  masked text;
  ends text;
  seen bigint;
  number bigint := 0;
BEGIN
  BEGIN
    masked := left(statement, 2000);
    masked := regexp_replace(masked, $re$'([^']|'')*('|$)$re$, '?', 'g');
    masked := left(regexp_replace(regexp_replace(masked, $re$\\m\\d+(\\.\\d+)?\\M$re$, '?', 'g'), $re$\\s+$re$, ' ', 'g'), 300);
    IF current_setting('transaction_isolation') = 'read committed' THEN
      SELECT id INTO seen FROM strangler.stray_writes
       WHERE context = TG_ARGV[0] AND md5(query) = md5(masked) AND query = masked AND table_name = relation
         AND operation = TG_OP AND application_name = app AND db_user = session_user
         AND epoch IS NOT DISTINCT FROM TG_ARGV[2]::bigint
       LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF seen IS NULL THEN
      INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query, epoch)
      VALUES (TG_ARGV[0], relation, TG_OP, app, session_user, masked, TG_ARGV[2]::bigint)
      RETURNING id INTO seen;
    ELSE
      UPDATE strangler.stray_writes SET writes = writes + 1, last_at = clock_timestamp() WHERE id = seen
      RETURNING writes INTO number;
    END IF;
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
