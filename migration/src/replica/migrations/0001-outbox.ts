import { slotSeen } from './slot-seen.ts';

/**
 * A chain of marks in a database whose outbox goes to Kafka: each names the one before it. Its columns are those of an outbox,
 * so that the connector routes it as it routes events. A new slot begins with a mark that names all the recent ones.
 */
export const outbox0001 = `${slotSeen}
CREATE TABLE IF NOT EXISTS strangler.outbox_marks (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  aggregatetype text NOT NULL DEFAULT 'strangler-marks',
  aggregateid text NOT NULL,
  number bigint NOT NULL,
  type text NOT NULL DEFAULT 'strangler.mark',
  payload jsonb NOT NULL,
  traceparent text,
  tracestate text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  slot_seen jsonb,
  PRIMARY KEY (aggregateid, number)
);
CREATE OR REPLACE FUNCTION strangler.outbox_slot_seen(connector text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $seen$
  SELECT slot_seen FROM strangler.outbox_marks WHERE aggregateid = connector ORDER BY number DESC LIMIT 1
$seen$;
CREATE OR REPLACE FUNCTION strangler.outbox_mark(connector text, anew boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $mark$
  WITH recent AS (
    SELECT id, number FROM strangler.outbox_marks
     WHERE aggregateid = connector ORDER BY number DESC LIMIT 200
  ), gone AS (
    DELETE FROM strangler.outbox_marks
     WHERE aggregateid = connector AND number < (SELECT min(number) FROM recent)
  )
  INSERT INTO strangler.outbox_marks (aggregateid, number, payload, slot_seen)
  SELECT connector, coalesce(max(number), 0) + 1, jsonb_build_object('after', coalesce(
           CASE WHEN anew THEN jsonb_agg(id)
                ELSE jsonb_agg(id) FILTER (WHERE number = (SELECT max(number) FROM recent)) END,
           '[]')),
         CASE WHEN NOT anew AND strangler.slot_made_anew(strangler.outbox_slot_seen(connector), connector)
              THEN strangler.outbox_slot_seen(connector) ELSE strangler.slot_now(connector) END
    FROM recent
  ON CONFLICT DO NOTHING
$mark$;`;
