import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { readTable } from '../../src/database/catalog.ts';
import { connect } from '../../src/database/connect.ts';
import { parseTableName } from '../../src/database/identifiers.ts';
import { ensurePublication } from '../../src/stream/index.ts';

const parts = (name: string) =>
  `CREATE TABLE ${name}_0 PARTITION OF ${name} FOR VALUES WITH (MODULUS 2, REMAINDER 0);
   CREATE TABLE ${name}_1 PARTITION OF ${name} FOR VALUES WITH (MODULUS 2, REMAINDER 1);`;
const ddl = `
CREATE TABLE plain (id int PRIMARY KEY, n int);
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, n int);
CREATE TABLE late_full (id int PRIMARY KEY DEFERRABLE, n int); ALTER TABLE late_full REPLICA IDENTITY FULL;
CREATE TABLE indexed (id int NOT NULL UNIQUE, n int); ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key;
CREATE TABLE index_gone (id int NOT NULL UNIQUE, n int); ALTER TABLE index_gone REPLICA IDENTITY USING INDEX index_gone_id_key;
ALTER TABLE index_gone DROP CONSTRAINT index_gone_id_key;
CREATE TABLE nothing (id int PRIMARY KEY, n int); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
CREATE TABLE split (id int PRIMARY KEY, n int) PARTITION BY HASH (id); ${parts('split')}
CREATE TABLE split_full (id int, n int) PARTITION BY HASH (id); ${parts('split_full')}
ALTER TABLE split_full REPLICA IDENTITY FULL; ALTER TABLE split_full_0 REPLICA IDENTITY FULL; ALTER TABLE split_full_1 REPLICA IDENTITY FULL;
CREATE TABLE split_above (id int, n int) PARTITION BY HASH (id); ${parts('split_above')}
ALTER TABLE split_above REPLICA IDENTITY FULL; ALTER TABLE split_above_0 REPLICA IDENTITY FULL;
CREATE TABLE split_mixed (id int PRIMARY KEY, n int) PARTITION BY HASH (id); ${parts('split_mixed')}
ALTER TABLE split_mixed_1 REPLICA IDENTITY FULL;
CREATE TABLE split_empty (id int PRIMARY KEY, n int) PARTITION BY HASH (id);`;

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('identities');
  client = await connect(database.url, { applicationName: 'test' });
  await client.query(ddl);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test.each([
  ['plain', 'default', ['id']],
  ['late', 'nothing', []],
  ['late_full', 'full', ['id', 'n']],
  ['indexed', 'index', ['id']],
  ['index_gone', 'nothing', []],
  ['nothing', 'nothing', []],
  ['split', 'default', ['id']],
  ['split_full', 'full', ['id', 'n']],
  ['split_above', 'nothing', []],
  ['split_mixed', 'default', ['id']],
  ['split_empty', 'default', ['id']],
])('%s: what updates carry is read as the server sees it (%s)', async (name, identity, columns) => {
  const table = await readTable(client, parseTableName(name));
  expect([table.replicaIdentity, table.identityColumns]).toEqual([identity, columns]);
  // the server's own word: what is published and has none refuses its updates
  await ensurePublication(client, `says_${name}`, [parseTableName(name)]);
  await client.query(`INSERT INTO ${name} VALUES (1, 1), (2, 2), (3, 3)`).catch(() => undefined);
  const update = client.query(`UPDATE ${name} SET n = n + 1`).then(
    () => true,
    (error: { code: string }) => error.code,
  );
  expect(await update).toBe(identity === 'nothing' ? '55000' : true);
});
