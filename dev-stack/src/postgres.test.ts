import { expect, test } from '@jest/globals';
import pg from 'pg';
import { startPostgres, type PostgresServer } from './postgres.ts';
import { crc32c } from './system-identifier.ts';
import { createTestDatabase } from './test-database.ts';

test('a test database is a real PostgreSQL with logical replication', async () => {
  const database = await createTestDatabase('probe');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    `SELECT current_setting('wal_level') AS level, current_database() AS name`,
  );
  await client.end();
  await database.drop();
  expect(rows).toEqual([{ level: 'logical', name: database.name }]);
});

const identifierOf = async (server: PostgresServer): Promise<string> => {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    'SELECT system_identifier::text AS id FROM pg_control_system()',
  );
  await client.end();
  return rows[0]?.id ?? '';
};

test('every server is a system of its own, before and after a crash, though their folders are copies of one', async () => {
  expect(process.env.TEST_POSTGRES_TEMPLATE).toBeDefined();
  const servers = await Promise.all([startPostgres(), startPostgres()]);
  const identifiers = await Promise.all(servers.map(identifierOf));
  expect(new Set(identifiers).size).toBe(2);
  for (const server of servers) {
    await server.crash();
    await server.restart();
  }
  expect(await Promise.all(servers.map(identifierOf))).toEqual(identifiers);
  await Promise.all(servers.map((server) => server.stop()));
});

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283);
});
