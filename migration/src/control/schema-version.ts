import { StranglerError } from '@strangler-toolkit/plan';
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as control0001 from './migrations/0001-control.ts';
import * as control0002 from './migrations/0002-identities-seen.ts';

const SCHEMA = 'strangler_control';
const migrations: Readonly<Record<string, Migration>> = {
  '0001-control': { up: control0001.up },
  '0002-identities-seen': { up: control0002.up },
};
/** Taken around the whole migration: kysely's own lock needs tables that two first starts would make at once. */
const LOCK = 7_261_905_113;

async function applied(db: Kysely<unknown>): Promise<readonly string[]> {
  const table = await sql<{
    present: boolean;
  }>`SELECT to_regclass(${`${SCHEMA}.kysely_migration`}) IS NOT NULL AS present`.execute(db);
  if (!table.rows[0]?.present) return [];
  const { rows } = await sql<{
    name: string;
  }>`SELECT name FROM strangler_control.kysely_migration`.execute(db);
  return rows.map((row) => row.name);
}

/** Whether the schema is older than, equal to, or newer than this release; a newer one is refused. */
async function outdated(db: Kysely<unknown>): Promise<boolean> {
  const done = await applied(db);
  const unknown = done.filter((name) => !(name in migrations));
  if (unknown.length > 0) {
    throw new StranglerError(
      'CONTROL_SCHEMA_NEWER',
      `The control schema has migrations that this release does not know: ${unknown.join(', ')}`,
      { details: { unknown } },
    );
  }
  return Object.keys(migrations).some((name) => !done.includes(name));
}

/** @throws StranglerError CONTROL_SCHEMA_OLDER unless there is none at all yet */
async function refuseOlder(db: Kysely<unknown>): Promise<void> {
  const done = await applied(db);
  if (done.length > 0)
    throw new StranglerError(
      'CONTROL_SCHEMA_OLDER',
      `The control schema is that of an older release: it lacks ${Object.keys(migrations)
        .filter((name) => !done.includes(name))
        .join(', ')}`,
    );
}

/**
 * Brings the control schema to this release's version. Any number of processes may do it at once. `onlyLooks`: makes it where
 * there is none, and changes none that is there.
 */
export async function migrateControl(
  db: Kysely<unknown>,
  { onlyLooks = false }: { readonly onlyLooks?: boolean } = {},
): Promise<void> {
  if (!(await outdated(db))) return;
  if (onlyLooks) await refuseOlder(db);
  await db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${LOCK})`.execute(connection);
    try {
      if (!(await outdated(connection))) return;
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => ({ ...migrations }) },
        migrationTableSchema: SCHEMA,
      });
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined) throw error;
    } finally {
      await sql`SELECT pg_advisory_unlock(${LOCK})`.execute(connection);
    }
  });
}
