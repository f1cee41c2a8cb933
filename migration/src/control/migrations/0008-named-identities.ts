import { type Kysely, sql } from 'kysely';

/**
 * Identities that a flag is on for by name, as hashes. They count while `identities_at` is `changed_at`: a release that does not know
 * them sets the one without the other.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      'ALTER TABLE strangler_control.flags ADD COLUMN identities text[], ADD COLUMN identities_at timestamptz',
    )
    .execute(db);
}
