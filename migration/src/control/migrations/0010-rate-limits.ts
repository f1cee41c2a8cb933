import { type Kysely, sql } from 'kysely';

/** How often somebody asked facades that count together. What is lost in a crash of the server is counted anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

-- As rate-limiter-flexible has it; key: a hash of route and identity. expire: milliseconds since 1970.
CREATE UNLOGGED TABLE rate_limits (
  key    varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
`,
    )
    .execute(db);
}
