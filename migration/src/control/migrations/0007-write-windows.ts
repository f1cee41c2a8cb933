import { type Kysely, sql } from 'kysely';

/** When the monolith was asked for writes, as facades tell it: what an audit fence logged at that time may come from there. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- Writes of one method and path that a facade sent to the monolith, close together. context, route: '' where nobody claims it.
-- path: without identifiers; traces: last halves of trace ids. Bounded by number and age.
CREATE TABLE write_windows (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  facade      text NOT NULL,
  method      text NOT NULL,
  path        text NOT NULL,
  context     text NOT NULL,
  route       text NOT NULL,
  started_at  timestamptz NOT NULL,
  ended_at    timestamptz NOT NULL,
  requests    bigint NOT NULL,
  traces      text[] NOT NULL
);
`,
    )
    .execute(db);
}
