import { type Kysely, sql } from 'kysely';

/** Who asks, as facades tell it: without it nobody sees that a percentage finds nobody. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- Requests of a context by hour. seen: one mark per identity, by its hash, so that facades' numbers can be put together.
-- shares: which percentages would find somebody, identity or substitute.
CREATE TABLE identities_seen (
  context    text NOT NULL,
  hour       timestamptz NOT NULL,
  requests   bigint NOT NULL,
  anonymous  bigint NOT NULL,
  seen       bit(4096) NOT NULL,
  shares     bit(100) NOT NULL,
  PRIMARY KEY (context, hour)
);
`,
    )
    .execute(db);
}
