import { type Kysely, sql } from 'kysely';

/** Flags where no flag provider is set. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- For everybody or for nobody. Facades that have an address of a flag provider never read it.
CREATE TABLE flags (
  name        text PRIMARY KEY,
  enabled     boolean NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- a flag's name begins with its context's
CREATE FUNCTION notify_flag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('strangler_contexts', split_part(COALESCE(NEW.name, OLD.name), '.', 1));
  RETURN NULL;
END $$;
CREATE TRIGGER flags_notify AFTER INSERT OR UPDATE OR DELETE ON flags FOR EACH ROW EXECUTE FUNCTION notify_flag();
`,
    )
    .execute(db);
}
