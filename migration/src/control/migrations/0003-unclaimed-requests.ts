import { type Kysely, sql } from 'kysely';

/** What no context claims, as facades tell it: a route that somebody forgot stands in it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- Requests that passed to the monolith because no context claims them. path: without identifiers, bounded in length and number.
CREATE TABLE unclaimed_requests (
  day       date NOT NULL,
  method    text NOT NULL,
  path      text NOT NULL,
  requests  bigint NOT NULL,
  last_at   timestamptz NOT NULL,
  PRIMARY KEY (day, method, path)
);
`,
    )
    .execute(db);
}
