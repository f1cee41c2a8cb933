import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { startPooler } from './transaction-pooler.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('pooler');
});
afterAll(() => database.drop());

test('a pooler that gives each transaction another session is refused before anything is set in one', async () => {
  const pooler = await startPooler(database.url, 'transaction');
  try {
    await expect(connect(pooler.url, { applicationName: 'test' })).rejects.toMatchObject({
      code: 'DB_POOLER',
      remedy: expect.stringContaining('pool_mode'),
    });
    const { rows } = await (async () => {
      const pg = (await import('pg')).default;
      const client = new pg.Client({ connectionString: pooler.url });
      await client.connect();
      try {
        return await client.query(`SELECT current_setting('search_path') AS path`);
      } finally {
        await client.end();
      }
    })();
    expect(rows).toEqual([{ path: '"$user", public' }]);
  } finally {
    await pooler.close();
  }
});

test('one that keeps a session together is not', async () => {
  const pooler = await startPooler(database.url, 'session');
  try {
    const client = await connect(pooler.url, { applicationName: 'test' });
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'public' }]);
    await client.end();
  } finally {
    await pooler.close();
  }
});
