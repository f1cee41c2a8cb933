import { join } from 'node:path';
import { shareDataFolder } from '../src/data-folder.ts';
import { temporaryFolder } from '../src/guard.ts';
import { missingForKafka } from '../src/kafka/jars.ts';
import { serveSharedKafka } from '../src/kafka/shared.ts';
import { makePostgresTemplate, startPostgres } from '../src/postgres.ts';

// One PostgreSQL server per test run; each test file makes databases of its own on it. Kafka waits for the first suite that asks for it.
export default async function globalSetup() {
  shareDataFolder();
  globalThis.__strangler_test_template = await makePostgresTemplate();
  const server = await startPostgres({
    settings: [
      'fsync=off',
      'synchronous_commit=on',
      'full_page_writes=off',
      'wal_sender_timeout=10s',
    ],
  });
  process.env.TEST_PG_URL = server.url('postgres');
  globalThis.__strangler_test_postgres = server;

  const kafka = await serveSharedKafka();
  process.env.TEST_KAFKA_SERVICE = kafka.url;
  process.env.TEST_KAFKA_MISSING = (await missingForKafka()).join(' and ');
  const skipped = await temporaryFolder('skipped');
  process.env.TEST_KAFKA_SKIPPED = join(skipped.path, 'suites');
  // Empty until the first suite that wants them packs the packages.
  const packed = await temporaryFolder('packed');
  process.env.TEST_PACKED = packed.path;
  globalThis.__strangler_test_packed = packed;
  globalThis.__strangler_test_kafka = kafka;
  globalThis.__strangler_test_skipped = skipped;
}
