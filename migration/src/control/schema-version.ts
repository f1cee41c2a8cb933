import { StranglerError } from '@strangler-toolkit/plan';
import type { Migration } from 'kysely/migration';
import type pg from 'pg';
import { sql } from './sql.ts';

const SCHEMA = 'strangler_control';
/** They and kysely are loaded when there is something to migrate. */
const migrations: Readonly<Record<string, () => Promise<Pick<Migration, 'up'>>>> = {
  '0001-control': () => import('./migrations/0001-control.ts'),
  '0002-identities-seen': () => import('./migrations/0002-identities-seen.ts'),
  '0003-unclaimed-requests': () => import('./migrations/0003-unclaimed-requests.ts'),
  '0004-flags': () => import('./migrations/0004-flags.ts'),
  '0005-written-together': () => import('./migrations/0005-written-together.ts'),
  '0006-refused-requests': () => import('./migrations/0006-refused-requests.ts'),
};
/** Taken around the whole migration: kysely's own lock needs tables that two first starts would make at once. */
const LOCK = 7_261_905_113;

async function applied(pool: pg.Pool): Promise<readonly string[]> {
  const table = await sql<{
    present: boolean;
  }>`SELECT to_regclass(${`${SCHEMA}.kysely_migration`}) IS NOT NULL AS present`.execute(pool);
  if (!table.rows[0]?.present) return [];
  const { rows } = await sql<{
    name: string;
  }>`SELECT name FROM strangler_control.kysely_migration`.execute(pool);
  return rows.map((row) => row.name);
}

/** Whether the schema is older than, equal to, or newer than this release; a newer one is refused. */
async function outdated(pool: pg.Pool): Promise<boolean> {
  const done = await applied(pool);
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
async function refuseOlder(pool: pg.Pool): Promise<void> {
  const done = await applied(pool);
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
  pool: pg.Pool,
  { onlyLooks = false }: { readonly onlyLooks?: boolean } = {},
): Promise<void> {
  if (!(await outdated(pool))) return;
  if (onlyLooks) await refuseOlder(pool);
  const client = await pool.connect();
  try {
    await sql`SELECT pg_advisory_lock(${LOCK})`.execute(client);
    try {
      if (await outdated(pool)) await migrateToLatest(pool);
    } finally {
      await sql`SELECT pg_advisory_unlock(${LOCK})`.execute(client);
    }
  } finally {
    client.release();
  }
}

async function migrateToLatest(pool: pg.Pool): Promise<void> {
  const [{ Kysely, PostgresDialect }, { Migrator }] = await Promise.all([
    import('kysely'),
    import('kysely/migration'),
  ]);
  const loaded = Object.entries(migrations).map(
    async ([name, load]) => [name, await load()] as const,
  );
  const all = Object.fromEntries(await Promise.all(loaded));
  const migrator = new Migrator({
    db: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
    provider: { getMigrations: async () => all },
    migrationTableSchema: SCHEMA,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
