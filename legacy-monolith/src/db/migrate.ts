import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { explainFailure } from './connection-failure.ts';

const folder = new URL('./migrations/', import.meta.url);
const LOCK = 4_207_001;

/** Applies the numbered SQL files that this database has not seen yet; answers with their names. */
export async function migrate(url: string): Promise<string[]> {
  const files = (await readdir(folder))
    .filter((name) => /^\d{4}-[a-z-]+\.sql$/.test(name))
    .toSorted();
  const client = new pg.Client({
    connectionString: url,
    application_name: 'legacy-monolith-migrate',
  });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'SELECT name, checksum FROM schema_migrations',
    );
    const seen = new Map(rows.map((row) => [row.name, row.checksum]));
    const applied: string[] = [];
    for (const name of files) {
      const text = await readFile(new URL(name, folder), 'utf8');
      const checksum = createHash('sha256').update(text).digest('hex');
      const known = seen.get(name);
      if (known !== undefined && known !== checksum) {
        throw new Error(
          `${name} was edited after it ran here; put it back and write a new migration instead`,
        );
      }
      if (known !== undefined) continue;
      await applyOne(client, name, text, checksum);
      applied.push(name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

async function applyOne(
  client: pg.Client,
  name: string,
  text: string,
  checksum: string,
): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(text);
    await client.query('INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)', [
      name,
      checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

if (import.meta.main) {
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error(
      'DATABASE_URL is not set, for example postgresql://user:password@127.0.0.1:5432/shop',
    );
    process.exit(2);
  }
  try {
    const applied = await migrate(url);
    console.log(JSON.stringify({ msg: 'migrated', applied }));
  } catch (error) {
    console.error(JSON.stringify({ msg: 'migrate failed', ...explainFailure(error) }));
    process.exitCode = 1;
  }
}
