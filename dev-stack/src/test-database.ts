import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { copiedAsFiles, defaultMajor } from './postgres-binaries.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

async function asAdmin(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const url = process.env.TEST_PG_URL;
  if (!url) throw new Error('TEST_PG_URL is not set: run the tests through npm test');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const slotsOf = `SELECT slot_name AS name, active_pid AS pid FROM pg_get_replication_slots() s
  WHERE datoid = (SELECT oid FROM pg_database WHERE datname = $1)`;

/** On one connection: to make one costs as much as to drop a database. */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  const { rows: slots } = await client.query<{ name: string; pid: number | null }>(slotsOf, [name]);
  for (const { pid } of slots)
    if (pid !== null) await client.query('SELECT pg_terminate_backend($1)', [pid]);
  for (const slot of slots) await client.query('SELECT pg_drop_replication_slot($1)', [slot.name]);
  await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
}

/** A database of its own on the PostgreSQL server that this test run started; slots of it go with `drop`. */
export async function createTestDatabase(
  label: string,
  template = 'template1',
): Promise<TestDatabase> {
  const name = `${label.replace(/\W/g, '_').toLowerCase()}_${randomBytes(4).toString('hex')}`;
  const copied = copiedAsFiles(defaultMajor());
  await asAdmin((client) =>
    client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}" ${copied}`),
  );
  const url = new URL(process.env.TEST_PG_URL ?? '');
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    async drop() {
      const deadline = Date.now() + 10_000;
      for (;;) {
        try {
          await asAdmin((client) => dropDatabase(client, name));
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
  };
}
