/**
 * As before, but for where a session finds the rows that it wrote. Places of 44 writers went into one setting; whoever had more
 * writers walked past all versions that an old snapshot keeps: there are 256 of it now. A repeatable read finds its session's row
 * so as well, and adds none per write; where another session changed that row meanwhile it begins a new one. A serializable
 * transaction adds one row of its own: to read what another wrote, its own session too, leaves a mark that can make business
 * transactions fail to serialise; what it wrote itself leaves none. What is told apart is added up by workers (see tidy-strays.ts).
 *
 * What fires for rows writes once for each of a client's messages, operation and table: a row for each row would make a statement of
 * 50,000 rows last minutes, each one walking past the versions of those before.
 */
const audit = `
CREATE OR REPLACE FUNCTION strangler.fence_audit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $fence$
DECLARE
  relation text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  app text := coalesce(current_setting('application_name', true), '');
  statement text;
  level text := current_setting('transaction_isolation');
  masked text;
  ends text;
  seen bigint;
  number bigint := 0;
  whose text;
  setting text;
  places text;
  place tid;
  message text;
BEGIN
  IF TG_LEVEL = 'ROW' THEN
    setting := format('strangler.audited_%s_%s', TG_RELID, lower(TG_OP));
    message := concat_ws(' ', txid_current(), statement_timestamp());
    IF current_setting(setting, true) = message THEN RETURN NULL; END IF;
    PERFORM set_config(setting, message, true);
  END IF;
  statement := coalesce(current_query(), '');
  BEGIN
    masked := left(statement, 2000);
    masked := regexp_replace(masked, $re$'([^']|'')*('|$)$re$, '?', 'g');
    masked := left(regexp_replace(regexp_replace(masked, $re$\\m\\d+(\\.\\d+)?\\M$re$, '?', 'g'), $re$\\s+$re$, ' ', 'g'), 300);
    whose := md5(concat_ws(' ', TG_ARGV[0], TG_ARGV[2], relation, TG_OP, app, session_user, masked));
    setting := 'strangler.audited_' || CASE level WHEN 'serializable' THEN 'own_' ELSE '' END || left(whose, 2);
    places := coalesce(current_setting(setting, true), '');
    place := substring(places from whose || $re$=(\\(\\d{1,9},\\d{1,4}\\))$re$);
    IF level = 'read committed' THEN
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
    ELSIF level IN ('repeatable read', 'serializable') AND place IS NOT NULL THEN
      BEGIN
        SELECT id, ctid INTO seen, place FROM strangler.stray_writes
         WHERE ctid = place AND context = TG_ARGV[0] AND query = masked AND table_name = relation
           AND operation = TG_OP AND application_name = app AND db_user = session_user
           AND epoch IS NOT DISTINCT FROM TG_ARGV[2]::bigint
           FOR UPDATE SKIP LOCKED;
      EXCEPTION WHEN serialization_failure THEN seen := NULL;
      END;
    END IF;
    IF seen IS NULL THEN
      INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query, epoch)
      VALUES (TG_ARGV[0], relation, TG_OP, app, session_user, masked, TG_ARGV[2]::bigint)
      RETURNING id, ctid INTO seen, place;
    ELSE
      UPDATE strangler.stray_writes SET writes = writes + 1, last_at = clock_timestamp() WHERE ctid = place
      RETURNING writes, ctid INTO number, place;
    END IF;
    PERFORM set_config(setting,
      left(whose || '=' || place || ' ' || regexp_replace(places, whose || '=[^ ]* ?', ''), 2000), level = 'serializable');
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

export const fences0005 = audit;
