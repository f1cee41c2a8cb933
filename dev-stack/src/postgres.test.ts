import { expect, test } from '@jest/globals';
import pg from 'pg';
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
