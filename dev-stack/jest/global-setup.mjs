import { startPostgres } from '../src/postgres.ts';

// One PostgreSQL server per test run; each test file makes databases of its own on it.
export default async function globalSetup() {
  const server = await startPostgres({ settings: ['fsync=off', 'synchronous_commit=on', 'full_page_writes=off', 'wal_sender_timeout=10s'] });
  process.env.TEST_PG_URL = server.url('postgres');
  globalThis.__strangler_test_postgres = server;
}
