import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { copiedAsFiles, defaultMajor } from './postgres-binaries.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

const admin = async (text: string): Promise<void> => {
  const url = process.env.TEST_PG_URL;
  if (!url) throw new Error('TEST_PG_URL is not set: run the tests through npm test');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

/** A database of its own on the PostgreSQL server that this test run started; slots of it go with `drop`. */
export async function createTestDatabase(
  label: string,
  template = 'template1',
): Promise<TestDatabase> {
  const name = `${label.replace(/\W/g, '_').toLowerCase()}_${randomBytes(4).toString('hex')}`;
  await admin(`CREATE DATABASE "${name}" TEMPLATE "${template}" ${copiedAsFiles(defaultMajor())}`);
  const url = new URL(process.env.TEST_PG_URL ?? '');
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    async drop() {
      const deadline = Date.now() + 10_000;
      for (;;) {
        try {
          await admin(
            `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '${name}' AND active`,
          );
          await admin(
            `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${name}' AND NOT active`,
          );
          await admin(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
  };
}
