import { parseArgs } from 'node:util';
import pg from 'pg';
import { explainFailure } from './connection-failure.ts';
import { copyRows } from './seed/copy.ts';
import { seedSizes } from './seed/sizes.ts';
import { SEED_TABLES } from './seed/tables.ts';

export interface SeedOptions {
  /** 1 is a shop of 500 products; 100 makes fifty thousand. */
  readonly scale?: number;
}

/** Fills an empty, migrated database; the same scale gives the same rows. Answers with the rows per table. */
export async function seed(
  url: string,
  { scale = 1 }: SeedOptions = {},
): Promise<Record<string, number>> {
  const sizes = seedSizes(scale);
  const client = new pg.Client({ connectionString: url, application_name: 'legacy-monolith-seed' });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT 1 FROM users LIMIT 1');
    if (rows.length > 0) throw new Error('this database already has users; seed an empty one');
    await client.query('BEGIN');
    const counts: Record<string, number> = {};
    for (const { table, columns, rows: make } of SEED_TABLES) {
      // History, stamps and announcements of seeded rows come with them.
      await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      counts[table] = await copyRows(client, table, columns.split(','), make(sizes));
      await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    }
    await advanceIdentities(client);
    await client.query('COMMIT');
    await client.query('ANALYZE');
    return counts;
  } finally {
    await client.end();
  }
}

async function advanceIdentities(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'`,
  );
  for (const { table_name: table, column_name: column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence('public.${table}', '${column}'), max(${column})) FROM ${table}
        HAVING max(${column}) IS NOT NULL`,
    );
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error(
      'DATABASE_URL is not set, for example postgresql://user:password@127.0.0.1:5432/shop',
    );
    process.exit(2);
  }
  try {
    const started = performance.now();
    const rows = await seed(url, { scale: Number(values.scale) });
    console.log(
      JSON.stringify({
        msg: 'seeded',
        scale: Number(values.scale),
        seconds: Math.round(performance.now() - started) / 1000,
        rows,
      }),
    );
  } catch (error) {
    console.error(JSON.stringify({ msg: 'seed failed', ...explainFailure(error) }));
    process.exitCode = 1;
  }
}
