import { Migrator, type Migration } from 'kysely/migration';
import { openPool } from '@strangler-toolkit/service-kit';
import { openDatabase } from './database.ts';
import { up as catalog } from './migrations/0001-catalog.ts';
import { up as outbox } from './migrations/0002-outbox.ts';

const migrations: Record<string, Migration> = {
  '0001-catalog': { up: catalog },
  '0002-outbox': { up: outbox },
};

/** Brings the service's database to this release's schema; answers with the names of what ran now. */
export async function migrate(url: string): Promise<string[]> {
  const db = openDatabase(await openPool(url, { applicationName: 'catalog-migrate', max: 2 }));
  try {
    const { error, results } = await new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(migrations) },
    }).migrateToLatest();
    if (error) throw error;
    return (results ?? [])
      .filter(({ status }) => status === 'Success')
      .map(({ migrationName }) => migrationName);
  } finally {
    await db.destroy();
  }
}
