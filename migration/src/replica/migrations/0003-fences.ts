/**
 * What the triggers of a fence were when it was set, and how often somebody was found to have changed them since. A later migration
 * that replaces `fence_refuse` must bring the marks along, in its transaction: to them it is a change like any other.
 */
const table = `
CREATE TABLE IF NOT EXISTS strangler.fence_marks (
  context    text PRIMARY KEY,
  mark       jsonb NOT NULL,
  set_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  opened     bigint NOT NULL DEFAULT 0,
  noticed    text[] NOT NULL DEFAULT '{}',
  noticed_at timestamptz
);`;

/**
 * Fires in replica role as well (ENABLE ALWAYS): a restore script is no replication. Our own sessions say that they apply, which
 * counts in replica role only, that is for whoever the server lets pass triggers anyway.
 */
const refuse = `
CREATE OR REPLACE FUNCTION strangler.fence_refuse() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fence$
DECLARE
  counter regclass;
  replica boolean := current_setting('session_replication_role') = 'replica';
BEGIN
  -- By its name an earlier release, which a rollback of releases may bring back.
  IF replica AND (current_setting('strangler.applying', true) = 'on'
                  OR current_setting('application_name', true) LIKE 'strangler-%') THEN
    RETURN coalesce(NEW, OLD);
  END IF;
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
          HINT = format('Write to the %s, or through the facade, which knows the owner.', TG_ARGV[1])
                 || CASE WHEN replica THEN ' Replica role (session_replication_role) does not pass a fence.' ELSE '' END;
END $fence$;`;

export const fences0003 = table + refuse;
