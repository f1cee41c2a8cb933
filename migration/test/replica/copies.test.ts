import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import {
  copyUnderWay,
  endCopy,
  forgetCopyMark,
  holdCopyMark,
  keepCopy,
  pauseCopy,
  takeCopyMark,
} from '../../src/replica/copies.ts';
import {
  copiedRanges,
  copyKeys,
  forgetCopyKeys,
  forgetManyKeys,
  noteCopiedRange,
  noteCopyKeys,
} from '../../src/replica/copy-progress.ts';
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
  expect(await takeCopyMark(one, older)).toEqual({ interrupted: false, resumable: false });
  expect(await takeCopyMark(one, elsewhere)).toEqual({ interrupted: false, resumable: false });
  await holdCopyMark(one, older);
  expect(await takeCopyMark(two, newer)).toEqual({ interrupted: true, resumable: false });
  await expect(holdCopyMark(one, older)).rejects.toMatchObject(overtaken);
  await expect(forgetCopyMark(one, older)).rejects.toMatchObject(overtaken);
  await holdCopyMark(two, newer);
  await holdCopyMark(one, elsewhere);
  await forgetCopyMark(two, newer);
  await expect(holdCopyMark(two, newer)).rejects.toMatchObject(overtaken);
  expect(await takeCopyMark(one, older)).toEqual({ interrupted: false, resumable: false });
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
  expect(await taking).toEqual({ interrupted: true, resumable: false });
});

test('who asks while tables are emptied waits, and is told that it was overtaken', async () => {
  await takeCopyMark(one, older);
  await one.query('BEGIN');
  await takeCopyMark(one, newer);
  const [holding] = await waiting(two, () => holdCopyMark(two, older));
  await one.query('COMMIT');
  await expect(holding).rejects.toMatchObject(overtaken);
});

test('another copier can go on from one that says so, and not from one that a release took over which cannot say it', async () => {
  await takeCopyMark(one, older);
  expect(await copyUnderWay(one, 'shop')).toEqual({ resumable: false, paused: false });
  await keepCopy(one, older);
  expect(await takeCopyMark(two, newer)).toEqual({ interrupted: true, resumable: true });
  await expect(keepCopy(one, older)).rejects.toMatchObject(overtaken);
  expect(await takeCopyMark(one, older)).toEqual({ interrupted: true, resumable: false });
  expect(await copyUnderWay(one, 'other')).toBeUndefined();
});

test('what a copy left goes with it, and with whoever begins anew; that of another context stays', async () => {
  const range = {
    table: 'public.a',
    part: 'public.b',
    from: 0,
    to: 7,
    files: '1:1',
    rows: 3,
    bytes: 9,
  };
  const keys = [
    { table: 'public.a', key: { id: '1', 'b"': null } },
    { table: 'public.a', key: { id: '2', 'b"': 'x' } },
  ];
  for (const mark of [older, elsewhere]) {
    await takeCopyMark(one, mark);
    await noteCopiedRange(one, mark.context, range);
    await noteCopiedRange(one, mark.context, { ...range, from: 7, to: undefined });
    await noteCopyKeys(one, mark.context, [...keys, ...keys]);
    await noteCopyKeys(one, mark.context, keys);
  }
  expect(await copiedRanges(one, 'shop')).toEqual([range, { ...range, from: 7, to: undefined }]);
  expect(await copyKeys(one, 'shop')).toEqual(expect.arrayContaining(keys));
  await forgetCopyKeys(one, 'shop', keys.slice(1));
  expect(await copyKeys(one, 'shop')).toEqual(keys.slice(0, 1));
  await endCopy(one, 'shop');
  await expect(holdCopyMark(one, older)).rejects.toMatchObject(overtaken);
  expect([await copiedRanges(one, 'shop'), await copyKeys(one, 'shop')]).toEqual([[], []]);
  expect(await copyKeys(one, 'other')).toHaveLength(2);
  await forgetCopyMark(one, elsewhere);
  expect([await copiedRanges(one, 'other'), await copyKeys(one, 'other')]).toEqual([[], []]);
});

test('a pause is heard of before the next range, also by a successor, and ends with the copy', async () => {
  expect(await pauseCopy(one, 'shop', true)).toBe(false);
  await takeCopyMark(one, older);
  expect(await holdCopyMark(one, older)).toEqual({ paused: false });
  expect(await pauseCopy(two, 'shop', true)).toBe(true);
  expect(await holdCopyMark(one, older)).toEqual({ paused: true });
  await takeCopyMark(one, newer);
  expect(await holdCopyMark(one, newer)).toEqual({ paused: true });
  await pauseCopy(two, 'shop', false);
  expect(await holdCopyMark(one, newer)).toEqual({ paused: false });
});

test('a table with too many rows to be read one by one is read whole, and no other', async () => {
  const key = (table: string, id: number) => ({ table, key: { id: String(id) } });
  const range = (table: string) => ({
    table,
    part: 'public.b',
    from: 0,
    to: undefined,
    files: '1:1',
    rows: 3,
    bytes: 9,
  });
  for (const { context } of [older, elsewhere]) {
    for (const table of ['public.few', 'public.many'])
      await noteCopiedRange(one, context, range(table));
    await noteCopyKeys(one, context, [
      key('public.few', 1),
      key('public.few', 2),
      ...[1, 2, 3].map((id) => key('public.many', id)),
    ]);
  }
  await forgetManyKeys(one, 'shop', 3);
  expect(await copyKeys(one, 'shop')).toHaveLength(5);
  await forgetManyKeys(one, 'shop', 2);
  expect(await copyKeys(one, 'shop')).toEqual([key('public.few', 1), key('public.few', 2)]);
  expect(await copiedRanges(one, 'shop')).toEqual([range('public.few')]);
  expect(await copyKeys(one, 'other')).toHaveLength(5);
  expect(await copiedRanges(one, 'other')).toHaveLength(2);
});
