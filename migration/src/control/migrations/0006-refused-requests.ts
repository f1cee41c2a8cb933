import { type Kysely, sql } from 'kysely';

/**
 * Requests that a side refused (4xx), beside those that failed: what only the new side refuses is no error, and is lost all the
 * same. NULL: a facade of an earlier release counted, which did not look.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE strangler_control.route_stats ADD COLUMN refused bigint').execute(db);
}
