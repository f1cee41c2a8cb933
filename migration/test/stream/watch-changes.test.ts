import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { type ChangeEvent, watchChanges } from '../../src/stream/index.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase('watch_changes');
  client = new pg.Client(database.url);
  await client.connect();
  await client.query(
    'CREATE TABLE items (id int PRIMARY KEY, name text); CREATE TABLE other (id int)',
  );
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const told = ({ op, after, before, source }: ChangeEvent): string =>
  `${source.table} ${op} ${after?.name ?? before?.id ?? ''}`;

test('a watch tells what was written since it was told to forget, once, and of its tables only', async () => {
  const watch = await watchChanges(database.url, [{ schema: 'public', table: 'items' }]);
  await client.query(`INSERT INTO items VALUES (1, 'before')`);
  await watch.forget();
  expect(await watch.changes()).toEqual([]);
  await client.query(`INSERT INTO items VALUES (2, 'a'), (3, 'b'); INSERT INTO other VALUES (1)`);
  await client.query(
    `BEGIN; UPDATE items SET name = 'c' WHERE id = 2; DELETE FROM items WHERE id = 3; COMMIT`,
  );
  expect((await watch.changes()).map(told)).toEqual([
    'items c a',
    'items c b',
    'items u c',
    'items d 3',
  ]);
  expect(await watch.changes()).toEqual([]);
  await watch.close();
});

test('two at once do not disturb each other, and what one left behind the next one takes away', async () => {
  const tables = [{ schema: 'public', table: 'items' }];
  const first = await watchChanges(database.url, tables);
  const second = await watchChanges(database.url, tables);
  await client.query(`INSERT INTO items VALUES (10, 'ten')`);
  expect((await first.changes()).map(told)).toEqual(['items c ten']);
  expect((await second.changes()).map(told)).toEqual(['items c ten']);
  // As kill -9 does: the session ends, and its slot with it.
  await client.query(
    `SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE database = current_database()`,
  );
  const left = `SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())::int AS slots,
                       (SELECT count(*) FROM pg_publication)::int AS publications`;
  expect((await client.query(left)).rows).toEqual([{ slots: 0, publications: 2 }]);
  await (await watchChanges(database.url, tables)).close();
  expect((await client.query(left)).rows).toEqual([{ slots: 0, publications: 0 }]);
  for (const watch of [first, second]) await expect(watch.close()).rejects.toThrow();
});
