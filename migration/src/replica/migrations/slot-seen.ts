/**
 * A slot has no mark of who made it and when, but the server counts what each has decoded, and begins at nought with a new one. It
 * also begins anew after a crash, with all its statistics, and says since when; when somebody resets it, which it says as well; and
 * on another server, which its timeline shows.
 * Never changes once released: two parts of the schema make it, whichever comes first.
 */
export const slotSeen = `
CREATE OR REPLACE FUNCTION strangler.slot_now(slot text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $now$
BEGIN
  IF to_regclass('pg_catalog.pg_stat_replication_slots') IS NULL OR pg_is_in_recovery() THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_build_object('transactions', s.total_txns, 'since', a.stats_reset,
             'reset', s.stats_reset, 'timeline', left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))
      FROM pg_stat_replication_slots s, pg_stat_archiver a
     WHERE s.slot_name = slot);
END $now$;
CREATE OR REPLACE FUNCTION strangler.slot_made_anew(seen jsonb, slot text) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $anew$
  SELECT coalesce((now ->> 'timeline') = (seen ->> 'timeline')
                  AND (now ->> 'since') = (seen ->> 'since')
                  AND (now ->> 'reset' IS NULL OR now ->> 'reset' IS NOT DISTINCT FROM seen ->> 'reset')
                  AND (now ->> 'transactions')::bigint < (seen ->> 'transactions')::bigint, false)
    FROM strangler.slot_now(slot) now
$anew$;`;
