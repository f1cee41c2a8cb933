import { type Kysely, sql } from 'kysely';

/** What answers look like that were compared, as facades tell it: kinds and forms, never a value. Contracts are drafted from them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- One row per form of an answer; answers: how many of those that were looked at had it. detail: method, names of the query, what
-- was sent to sign in, status, media type, body with made-up values. Bounded by number and age.
CREATE TABLE answer_forms (
  context text NOT NULL,
  route   text NOT NULL,
  hash    text NOT NULL,
  answers bigint NOT NULL,
  last_at timestamptz NOT NULL,
  detail  jsonb NOT NULL,
  PRIMARY KEY (context, route, hash)
);
`,
    )
    .execute(db);
}
