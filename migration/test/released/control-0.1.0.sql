-- The control schema as release 0.1.0 made it, with a context, a journal entry and evidence.
BEGIN;
CREATE SCHEMA IF NOT EXISTS strangler_control;
SET LOCAL search_path = strangler_control;

-- One row per context: who owns it. Changed only by moves; every change notifies 'strangler_contexts' with the context's name.
CREATE TABLE contexts (
  context     text PRIMARY KEY,
  data_kind   text NOT NULL CHECK (data_kind IN ('none', 'shared', 'replicated')),
  stage       text NOT NULL CHECK (stage IN ('monolith', 'replicating', 'shadowing', 'canary', 'service', 'retired')),
  owner       text NOT NULL CHECK (owner IN ('monolith', 'service')),
  epoch       bigint NOT NULL DEFAULT 1,
  -- facades keep new writes waiting while hold_until is in the future; hold_id tells one hold from the next
  hold_id     uuid,
  hold_until  timestamptz,
  -- where the stream towards the side that does not own the data begins (set by the move that made it)
  start_lsn   pg_lsn,
  owned_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Append-only record of every step and position.
CREATE TABLE journal (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context  text NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor    text NOT NULL,
  move_id  uuid,
  step     text NOT NULL,
  status   text NOT NULL CHECK (status IN ('started', 'done', 'failed', 'refused', 'forced', 'aborted', 'noted')),
  epoch    bigint,
  detail   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX journal_context_id ON journal (context, id);
CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'SF003'; END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change();

-- One command at a time per context; renewed while it works, re-checked before every step.
CREATE TABLE leases (
  context    text PRIMARY KEY,
  token      uuid NOT NULL,
  holder     text NOT NULL,
  move       text NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Facade processes. One whose heartbeat is older than 10 s counts as gone (the fence protects against it).
CREATE TABLE instances (
  instance_id  uuid PRIMARY KEY,
  name         text NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  detail       jsonb NOT NULL DEFAULT '{}'
);
-- What each instance knows and does: upserted when it changes. 'drained' = holding and no write of the context in flight.
CREATE TABLE instance_contexts (
  instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
  context     text NOT NULL,
  epoch       bigint NOT NULL,
  hold_id     uuid,
  drained     boolean NOT NULL DEFAULT false,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (instance_id, context)
);

-- How far the side that does not own the data has applied the owner's changes: everything that the owner acknowledged
-- before applied_at (control clock) is visible there. Notifies 'strangler_watermarks' at most every 50 ms.
CREATE TABLE watermarks (
  context      text NOT NULL,
  direction    text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  epoch        bigint NOT NULL,
  state        text NOT NULL CHECK (state IN ('copying', 'streaming', 'caught-up', 'stopped', 'failed')),
  applied_lsn  pg_lsn,
  applied_at   timestamptz,
  source_lsn   pg_lsn,
  lag_bytes    bigint,
  rows_applied bigint NOT NULL DEFAULT 0,
  worker_id    uuid NOT NULL,
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  detail       jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (context, direction)
);

-- Reads-your-writes pins: identity (hash) reads the owner until the watermark passes pinned_at. '*' pins everybody.
CREATE UNLOGGED TABLE pins (
  context   text NOT NULL,
  identity  text NOT NULL,
  pinned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (context, identity)
);
CREATE INDEX pins_pinned_at ON pins (pinned_at);

-- What gates read. kind: copy, verification, pacts, probe, ramp, doctor.
CREATE TABLE evidence (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context text NOT NULL,
  kind    text NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  epoch   bigint NOT NULL,
  ok      boolean NOT NULL,
  detail  jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX evidence_latest ON evidence (context, kind, id DESC);

-- Shadow outcomes, added up by the facades.
CREATE TABLE shadow_counts (
  context text NOT NULL,
  route   text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('match', 'mismatch', 'stale', 'candidate-error', 'candidate-timeout', 'uncomparable', 'dropped')),
  epoch   bigint NOT NULL,
  count   bigint NOT NULL,
  PRIMARY KEY (context, route, outcome, epoch)
);
CREATE TABLE shadow_samples (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  context text NOT NULL,
  route   text NOT NULL,
  outcome text NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  detail  jsonb NOT NULL
);
CREATE INDEX shadow_samples_route ON shadow_samples (context, route, id DESC);

-- Client traffic per route and answering side, added up by the facades every second; what ramp compares.
-- latency_buckets: counts per upper bound of 1,2,5,10,20,50,100,200,500,1000,2000,5000,10000,+inf milliseconds.
CREATE TABLE route_stats (
  context         text NOT NULL,
  route           text NOT NULL,
  side            text NOT NULL CHECK (side IN ('monolith', 'service')),
  second          timestamptz NOT NULL,
  requests        bigint NOT NULL,
  errors          bigint NOT NULL,
  latency_buckets bigint[] NOT NULL,
  PRIMARY KEY (context, route, side, second)
);

CREATE FUNCTION notify_context() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('strangler_contexts', NEW.context); RETURN NULL; END $$;
CREATE TRIGGER contexts_notify AFTER INSERT OR UPDATE ON contexts FOR EACH ROW EXECUTE FUNCTION notify_context();
CREATE FUNCTION notify_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('strangler_instances', NEW.context); RETURN NULL; END $$;
CREATE TRIGGER instance_contexts_notify AFTER INSERT OR UPDATE ON instance_contexts FOR EACH ROW EXECUTE FUNCTION notify_instance();
CREATE TABLE kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL);
CREATE TABLE kysely_migration_lock (id varchar(255) NOT NULL PRIMARY KEY, is_locked integer NOT NULL DEFAULT 0);
INSERT INTO kysely_migration_lock (id) VALUES ('migration_lock');
INSERT INTO kysely_migration (name, timestamp) VALUES ('0001-control', '2026-11-27T00:00:00.000Z');
INSERT INTO contexts (context, data_kind, stage, owner, epoch) VALUES ('shop', 'replicated', 'service', 'service', 4);
INSERT INTO journal (context, actor, step, status, epoch) VALUES ('shop', 'ann', 'flip', 'done', 4);
INSERT INTO evidence (context, kind, epoch, ok, detail) VALUES ('shop', 'verification', 4, true, '{"rows": 7}');
COMMIT;
