import {
  type ControlMigration,
  controlMigrationNames,
  controlMigrations,
  readBreakingStatement,
  StranglerError,
  tooNewText,
} from '@strangler-toolkit/plan';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { type Querying, sql } from './sql.ts';

/** They and kysely are loaded when there is something to migrate. */
const migrations: Readonly<
  Record<ControlMigration, () => Promise<{ readonly up: (db: Kysely<unknown>) => Promise<void> }>>
> = {
  '0001-control': () => import('./migrations/0001-control.ts'),
  '0002-identities-seen': () => import('./migrations/0002-identities-seen.ts'),
  '0003-unclaimed-requests': () => import('./migrations/0003-unclaimed-requests.ts'),
  '0004-flags': () => import('./migrations/0004-flags.ts'),
  '0005-written-together': () => import('./migrations/0005-written-together.ts'),
  '0006-refused-requests': () => import('./migrations/0006-refused-requests.ts'),
  '0007-write-windows': () => import('./migrations/0007-write-windows.ts'),
  '0008-named-identities': () => import('./migrations/0008-named-identities.ts'),
  '0009-answer-forms': () => import('./migrations/0009-answer-forms.ts'),
  '0010-rate-limits': () => import('./migrations/0010-rate-limits.ts'),
};
/** Taken around the whole migration, by releases before this one as well. */
const LOCK = 7_261_905_113;

/** What stands written down; `none` where there is no control schema yet. */
interface Applied {
  readonly none: boolean;
  readonly missing: readonly ControlMigration[];
}

/** @throws StranglerError CONTROL_SCHEMA_NEWER */
async function applied(db: Querying): Promise<Applied> {
  const { rows: tables } = await sql<{ breaking: boolean; additive: boolean }>`
    SELECT to_regclass('strangler_control.kysely_migration') IS NOT NULL AS breaking,
           to_regclass('strangler_control.additive_migrations') IS NOT NULL AS additive`.execute(
    db,
  );
  if (!tables[0]?.breaking) return { none: true, missing: controlMigrationNames };
  const { text, values } = readBreakingStatement();
  const unknown = (await db.query(text, [...values])).rows.map(({ name }) => String(name));
  if (unknown.length > 0)
    throw new StranglerError('CONTROL_SCHEMA_NEWER', tooNewText(unknown), { details: { unknown } });
  const { rows } = tables[0].additive
    ? await sql<{ name: string }>`
        SELECT name FROM strangler_control.kysely_migration
        UNION ALL SELECT name FROM strangler_control.additive_migrations`.execute(db)
    : await sql<{ name: string }>`SELECT name FROM strangler_control.kysely_migration`.execute(db);
  const done = new Set(rows.map(({ name }) => name));
  return { none: false, missing: controlMigrationNames.filter((name) => !done.has(name)) };
}

/**
 * Brings the control schema to this release's version; one that a newer release added to stays as it is. Any number of processes
 * may do it at once. `onlyLooks`: makes it where there is none, and changes none that is there.
 * @throws StranglerError CONTROL_SCHEMA_NEWER, CONTROL_SCHEMA_OLDER
 */
export async function migrateControl(
  pool: pg.Pool,
  { onlyLooks = false }: { readonly onlyLooks?: boolean } = {},
): Promise<void> {
  const { none, missing } = await applied(pool);
  if (missing.length === 0) return;
  if (onlyLooks && !none)
    throw new StranglerError(
      'CONTROL_SCHEMA_OLDER',
      `The control schema is that of an older release: it lacks ${missing.join(', ')}`,
    );
  const client = await pool.connect();
  try {
    await sql`SELECT pg_advisory_lock(${LOCK})`.execute(client);
    try {
      await migrateToLatest(pool, (await applied(client)).missing);
    } finally {
      await sql`SELECT pg_advisory_unlock(${LOCK})`.execute(client);
    }
  } finally {
    client.release();
  }
}

/** In one transaction: a half-made schema is never seen. */
async function migrateToLatest(pool: pg.Pool, missing: readonly ControlMigration[]): Promise<void> {
  if (missing.length === 0) return;
  const [{ Kysely, PostgresDialect, sql: raw }, ...loaded] = await Promise.all([
    import('kysely'),
    ...missing.map(async (name) => ({ name, up: (await migrations[name]()).up })),
  ]);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  await db.transaction().execute(async (trx) => {
    await raw`CREATE SCHEMA IF NOT EXISTS strangler_control`.execute(trx);
    await raw`
      CREATE TABLE IF NOT EXISTS strangler_control.kysely_migration (
        name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL)`.execute(trx);
    await raw`
      CREATE TABLE IF NOT EXISTS strangler_control.additive_migrations (
        name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())`.execute(trx);
    for (const { name, up } of loaded) {
      await up(trx);
      if (controlMigrations[name] === 'additive')
        await raw`INSERT INTO strangler_control.additive_migrations (name) VALUES (${name})`.execute(
          trx,
        );
      else
        await raw`INSERT INTO strangler_control.kysely_migration (name, timestamp)
          VALUES (${name}, ${new Date().toISOString()})`.execute(trx);
    }
  });
}
