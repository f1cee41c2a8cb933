import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { ensurePublication } from '../../src/stream/index.ts';

test('a table whose rows lie in inheriting tables is refused, a partitioned one is not', async () => {
  const database = await createTestDatabase('inheritance');
  const client = await connect(database.url, { applicationName: 'test' });
  try {
    await client.query(`CREATE TABLE parent (id bigint PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
      CREATE TABLE whole (id bigint PRIMARY KEY) PARTITION BY HASH (id); CREATE TABLE leaf PARTITION OF whole FOR VALUES WITH (MODULUS 1, REMAINDER 0)`);
    await expect(
      ensurePublication(client, 'inherited', [{ schema: 'public', table: 'parent' }]),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { tables: ['child'] } });
    await expect(
      ensurePublication(client, 'partitioned', [{ schema: 'public', table: 'whole' }]),
    ).resolves.toMatchObject({ created: true });
    await expect(
      ensurePublication(client, 'partitioned', [{ schema: 'public', table: 'whole' }]),
    ).resolves.toMatchObject({ added: [], removed: [] });
  } finally {
    await client.end();
    await database.drop();
  }
});
