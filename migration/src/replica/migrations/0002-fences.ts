/** Epochs of what was logged and refused, and who was refused what. */
const tables = `
ALTER TABLE strangler.stray_writes ADD COLUMN IF NOT EXISTS epoch bigint;
-- What each counter counts. Counters outlive the epoch: what they stood at when it began is taken off.
CREATE TABLE IF NOT EXISTS strangler.refusals (
  counter    text PRIMARY KEY,
  context    text NOT NULL,
  table_name text NOT NULL,
  operation  text NOT NULL,
  db_user    text NOT NULL,
  base       bigint NOT NULL DEFAULT 0,
  epoch      bigint
);
CREATE INDEX IF NOT EXISTS refusals_context ON strangler.refusals (context);
CREATE OR REPLACE FUNCTION strangler.refusal_counter(context text, table_name text, operation text, db_user text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $name$
  SELECT 'refusal_' || md5(format('%L %L %L %L', context, table_name, operation, db_user))
$name$;
INSERT INTO strangler.refusals (counter, context, table_name, operation, db_user)
SELECT relname, substr(relname, length('refused_') + 1), '', 'all', ''
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'strangler' AND c.relkind = 'S' AND c.relname LIKE 'refused\\_%'
ON CONFLICT DO NOTHING;`;

/**
 * What a refused transaction writes is rolled back, and so would be a sequence that it makes: only those that were made with
 * the fence keep their value. The nearest one counts: the table itself, else the root of its partitions; the login role, else
 * all the others ('').
 */
const refuse = `
CREATE OR REPLACE FUNCTION strangler.fence_refuse() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$
DECLARE
  counter regclass;
BEGIN
  -- Counting must never hide the refusal. A move that tries its own fence is no stray writer.
  IF coalesce(current_setting('strangler.trying_fence', true), '') <> 'on' THEN
    BEGIN
      PERFORM nextval(format('strangler.%I', 'refused_' || TG_ARGV[0])::regclass);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    BEGIN
      SELECT named.id INTO counter FROM (
        SELECT to_regclass('strangler.' || strangler.refusal_counter(TG_ARGV[0], place, TG_OP, who)) AS id, near, known
          FROM unnest(ARRAY[TG_RELID::regclass::text, pg_partition_root(TG_RELID)::regclass::text])
                 WITH ORDINALITY AS places (place, near)
               CROSS JOIN unnest(ARRAY[session_user::text, '']) WITH ORDINALITY AS users (who, known)
      ) AS named WHERE named.id IS NOT NULL ORDER BY near, known LIMIT 1;
      PERFORM nextval(counter);
      PERFORM setval(to_regclass('strangler.' || strangler.refusal_counter(TG_ARGV[0], '', 'moment', '')),
                     (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END IF;
  RAISE EXCEPTION 'context "%" is owned by the %: writes to %.% are refused here', TG_ARGV[0], TG_ARGV[1], TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'SF001', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
          HINT = format('Write to the %s, or through the facade, which knows the owner.', TG_ARGV[1]);
END $fence$;`;

/**
 * As before, with the epoch, which the trigger itself carries: no table is read for it, so that no business transaction becomes
 * unserialisable. A fence of an earlier release carries none.
 */
const audit = `
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
         AND epoch IS NOT DISTINCT FROM TG_ARGV[2]::bigint
       LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF seen IS NULL THEN
      INSERT INTO strangler.stray_writes (context, table_name, operation, application_name, db_user, query, epoch)
      VALUES (TG_ARGV[0], relation, TG_OP, app, session_user, masked, TG_ARGV[2]::bigint);
    ELSE
      UPDATE strangler.stray_writes SET writes = writes + 1, last_at = clock_timestamp() WHERE id = seen;
    END IF;
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RETURN NULL;
END $fence$;`;

export const fences0002 = tables + refuse + audit;
