import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { forgetCopyMark, holdCopyMark, takeCopyMark } from '../../src/replica/copies.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';

let database: TestDatabase;
let one: pg.Client;
let two: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('replica_copies');
  one = await connect(database.url, { applicationName: 'test' });
  two = await connect(database.url, { applicationName: 'test' });
  await installReplicaSchema(one);
});
afterEach(async () => {
  await one.query('ROLLBACK');
  await two.query('ROLLBACK');
  await one.query('TRUNCATE strangler.copies');
});
afterAll(async () => {
  await one?.end();
  await two?.end();
  await database?.drop();
});

const [older, newer, elsewhere] = [
  { context: 'shop', copier: '00000000-0000-0000-0000-000000000001' },
  { context: 'shop', copier: '00000000-0000-0000-0000-000000000002' },
  { context: 'other', copier: '00000000-0000-0000-0000-000000000001' },
];
const overtaken = { code: 'LEASE_LOST' };
/** Asks in a transaction that stays open, and sees that it waits. */
async function waiting<T>(client: pg.Client, work: () => Promise<T>): Promise<Promise<T>[]> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await client.query('BEGIN');
  const working = work();
  working.catch(() => {});
  const other = client === one ? two : one;
  await until('it waits', async () => {
    const waits = 'SELECT FROM pg_locks WHERE pid = $1 AND NOT granted';
    return (await other.query(waits, [rows[0]?.pid])).rowCount === 1;
  });
  return [working];
}

test('a copier holds its mark until another takes it: then it writes nothing more, and stores no position', async () => {
  expect(await takeCopyMark(one, older)).toEqual({ interrupted: false });
  expect(await takeCopyMark(one, elsewhere)).toEqual({ interrupted: false });
  await holdCopyMark(one, older);
  expect(await takeCopyMark(two, newer)).toEqual({ interrupted: true });
  await expect(holdCopyMark(one, older)).rejects.toMatchObject(overtaken);
  await expect(forgetCopyMark(one, older)).rejects.toMatchObject(overtaken);
  await holdCopyMark(two, newer);
  await holdCopyMark(one, elsewhere);
  await forgetCopyMark(two, newer);
  await expect(holdCopyMark(two, newer)).rejects.toMatchObject(overtaken);
  expect(await takeCopyMark(one, older)).toEqual({ interrupted: false });
  await holdCopyMark(one, elsewhere);
});

test('tables are emptied only when nobody writes to them any more; several copiers write at once', async () => {
  await takeCopyMark(one, older);
  await one.query('BEGIN');
  await holdCopyMark(one, older);
  await two.query(`SET lock_timeout = '5s'`);
  await holdCopyMark(two, older);
  await two.query('RESET lock_timeout');
  const [taking] = await waiting(two, () => takeCopyMark(two, newer));
  await one.query('COMMIT');
  expect(await taking).toEqual({ interrupted: true });
});

test('who asks while tables are emptied waits, and is told that it was overtaken', async () => {
  await takeCopyMark(one, older);
  await one.query('BEGIN');
  await takeCopyMark(one, newer);
  const [holding] = await waiting(two, () => holdCopyMark(two, older));
  await one.query('COMMIT');
  await expect(holding).rejects.toMatchObject(overtaken);
});
