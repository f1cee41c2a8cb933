import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import {
  countDeadLettersIfAny,
  countOpenDeadLetters,
  dropDeadLetters,
  dropDeadLettersOfStream,
  dropDeadLettersOfTable,
  dropOpenDeadLetter,
  forgetDeadLetters,
  listDeadLetters,
  listParked,
  markReplayed,
  writeDeadLetter,
} from '../../src/replica/dead-letters.ts';
import { readProbe, writeProbe } from '../../src/replica/probe.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import {
  beginLocked,
  closeStream,
  closeStreamAt,
  commitAdvanced,
  forgetStream,
  forgetStreams,
  lockStreamRow,
  lockStreamState,
  openStreamRow,
  readStreamRow,
  reopenStream,
  type StreamKey,
} from '../../src/replica/streams.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('replica_tables');
  client = await connect(database.url, { applicationName: 'test' });
  await installReplicaSchema(client);
});
beforeEach(() =>
  client.query(
    'TRUNCATE strangler.streams, strangler.dead_letters, strangler.probe RESTART IDENTITY',
  ),
);
let second: pg.Client | undefined;
// A test that failed in the middle keeps no lock that the next one waits for.
afterEach(async () => {
  await second?.end();
  second = undefined;
  await client.query('ROLLBACK');
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const here: StreamKey = { context: 'shop', direction: 'forward' };
/** Nothing that is done to `here` may touch these. */
const others: readonly StreamKey[] = [
  { context: 'shop', direction: 'reverse' },
  { context: 'other', direction: 'forward' },
];
const all = [here, ...others];
const states = async () =>
  Promise.all(
    all.map(async ({ context, direction }) => {
      const row = await readStreamRow(client, context, direction);
      return row && `${row.epoch} ${row.state} ${row.position}`;
    }),
  );
const openAll = async (): Promise<void> => {
  for (const key of all) await openStreamRow(client, key, { epoch: 3n, position: 100n });
};
const untouched = ['3 open 100', '3 open 100'];

describe('the row of a stream', () => {
  test('an open stream of this or a later epoch keeps its position; a later epoch takes it over', async () => {
    await openAll();
    const open = (epoch: bigint, position: bigint) =>
      openStreamRow(client, here, { epoch, position });
    await open(3n, 50n);
    await open(2n, 50n);
    expect(await states()).toEqual(['3 open 100', ...untouched]);
    await commitIn({ checkpoint: { a: '1' } });
    await closeStream(client, here);
    await open(3n, 50n);
    expect((await states())[0]).toBe('3 closed 110');
    await open(4n, 70n);
    expect(await states()).toEqual(['4 open 70', ...untouched]);
    expect((await readStreamRow(client, 'shop', 'forward'))?.checkpoint).toEqual({});
  });

  const commitIn = async (
    to: Partial<Parameters<typeof commitAdvanced>[3]> = {},
  ): Promise<void> => {
    await beginLocked(client, 'shop', 'forward', 3n);
    await commitAdvanced(client, 'shop', 'forward', {
      position: 110n,
      commitTime: 1_700_000_000_123_456n,
      rows: 5,
      ...to,
    });
  };

  test('moves with what was applied: position, rows, time to the microsecond, and the places that were named', async () => {
    await openAll();
    await commitIn({ checkpoint: { a: '1', b: "it's" } });
    await commitIn({ position: 120n, commitTime: null, rows: 2, checkpoint: { b: '2' } });
    expect(await readStreamRow(client, 'shop', 'forward')).toMatchObject({
      epoch: 3n,
      position: 120n,
      state: 'open',
      rowsApplied: 7n,
      checkpoint: { a: '1', b: '2' },
    });
    const { rows } = await client.query(
      `SELECT extract(epoch FROM commit_time) AS at FROM strangler.streams WHERE commit_time IS NOT NULL`,
    );
    expect(rows).toEqual([{ at: '1700000000.123456' }]);
    expect((await states()).slice(1)).toEqual(untouched);
  });

  test('is locked from the beginning of a batch to its commit', async () => {
    await openAll();
    second = await connect(database.url, { applicationName: 'test' });
    await second.query(`SET lock_timeout = '50ms'`);
    await beginLocked(client, 'shop', 'forward', 3n);
    await expect(beginLocked(second, 'shop', 'forward', 3n)).rejects.toMatchObject({
      code: '55P03',
    });
    await second.query('ROLLBACK');
    await expect(lockStreamRow(second, 'shop', 'forward', 3n)).rejects.toMatchObject({
      code: '55P03',
    });
    await expect(lockStreamState(second, here)).rejects.toMatchObject({ code: '55P03' });
    await beginLocked(second, 'other', 'forward', 3n);
  });

  test('turns away whoever has not its epoch, or comes when it is closed or gone', async () => {
    await openAll();
    for (const [epoch, because] of [
      [2n, 'it belongs to epoch 3, this worker to 2'],
      [4n, 'it belongs to epoch 3, this worker to 4'],
    ] as const)
      await expect(lockStreamRow(client, 'shop', 'forward', epoch)).rejects.toMatchObject({
        code: 'STREAM_CLOSED',
        message: expect.stringContaining(because),
      });
    await closeStream(client, here);
    await expect(lockStreamRow(client, 'shop', 'forward', 3n)).rejects.toThrow(/it was closed$/);
    await forgetStream(client, here);
    await expect(lockStreamRow(client, 'shop', 'forward', 3n)).rejects.toThrow(/row is gone$/);
    expect((await states()).slice(1)).toEqual(untouched);
  });

  test('tells how many of its own dead letters are open', async () => {
    await openAll();
    for (const key of [here, here, ...others]) await letter(key);
    await markReplayed(client, ['1']);
    expect(await lockStreamRow(client, 'shop', 'forward', 3n)).toMatchObject({ deadLetters: 1 });
  });

  test.each([
    ['100', 3, '100'],
    ['99', 3, '100'],
    ['101', 3, undefined],
    ['100', 2, undefined],
    ['100', 4, undefined],
  ])('is closed at %s in epoch %d: %p', async (stop, epoch, closedAt) => {
    await openAll();
    const hex = (text: string): string => `0/${Number(text).toString(16)}`;
    const closed = await closeStreamAt(client, here, { epoch, stop: hex(stop) });
    expect(closed?.toLowerCase()).toBe(closedAt && hex(closedAt));
    expect(await states()).toEqual([closedAt ? '3 closed 100' : '3 open 100', ...untouched]);
  });

  test('is opened again in its epoch only, and says whether it was closed', async () => {
    await openAll();
    for (const key of all) await closeStream(client, key);
    expect(await reopenStream(client, here, 2)).toBe(false);
    expect(await reopenStream(client, here, 4)).toBe(false);
    expect(await states()).toEqual(Array.from({ length: 3 }, () => '3 closed 100'));
    expect(await reopenStream(client, here, 3)).toBe(true);
    expect(await reopenStream(client, here, 3)).toBe(false);
    expect(await states()).toEqual(['3 open 100', '3 closed 100', '3 closed 100']);
  });

  test('is forgotten alone, or with the other direction of its context', async () => {
    await openAll();
    await forgetStream(client, here);
    expect(await states()).toEqual([null, ...untouched]);
    await openAll();
    await forgetStreams(client, 'shop');
    expect(await states()).toEqual([null, null, '3 open 100']);
  });
});

const letter = (key: StreamKey, table = 'public.products'): Promise<void> =>
  writeDeadLetter(client, {
    ...key,
    table,
    key: { id: '1', other: null },
    event: '{"op":"c"}',
    errorCode: '23505',
    error: 'refused',
  });

describe('dead letters', () => {
  /** Ids by state, of all contexts. */
  const state = async (): Promise<Record<string, string[]>> => {
    const { rows } = await client.query<{ id: string; state: string }>(
      'SELECT id, state FROM strangler.dead_letters ORDER BY id',
    );
    return Object.fromEntries(
      ['open', 'replayed', 'dropped'].map((wanted) => [
        wanted,
        rows.filter((row) => row.state === wanted).map(({ id }) => id),
      ]),
    );
  };
  beforeEach(async () => {
    // 1 and 2: here; 3: here, of another table; 4: the other direction; 5: another context
    for (const table of ['public.products', 'public.products', 'public.tags'])
      await letter(here, table);
    for (const key of others) await letter(key);
  });

  test('are listed as they were written, those that are open, in order', async () => {
    await markReplayed(client, ['2']);
    const ids = async (filter: Parameters<typeof listDeadLetters>[1]) =>
      (await listDeadLetters(client, filter)).map(({ id }) => id);
    expect(await ids(here)).toEqual(['1', '3']);
    expect(await ids({ context: 'shop' })).toEqual(['1', '3', '4']);
    expect(await ids({ ...here, state: 'all' })).toEqual(['1', '2', '3']);
    expect((await listParked(client, 'shop', 'forward')).map(({ table }) => table).sort()).toEqual([
      'public.products',
      'public.tags',
    ]);
    const [first] = await listDeadLetters(client, here);
    expect(first).toMatchObject({
      ...here,
      table: 'public.products',
      key: { id: '1', other: null },
      errorCode: '23505',
      error: 'refused',
      state: 'open',
    });
    expect(JSON.parse(first!.event)).toEqual({ op: 'c' });
  });

  test('are counted by direction, or of a context as a whole, while they are open', async () => {
    await markReplayed(client, ['1']);
    expect(await countOpenDeadLetters(client, 'shop', 'forward')).toBe(2);
    expect(await countOpenDeadLetters(client, 'shop', 'reverse')).toBe(1);
    expect(await countDeadLettersIfAny(client, 'shop')).toBe(3);
  });

  test('are dropped one by one, only where they belong and while they are open', async () => {
    expect(await dropOpenDeadLetter(client, { ...others[1]!, id: '1' })).toBe(false);
    expect(await dropOpenDeadLetter(client, { ...others[0]!, id: '1' })).toBe(false);
    expect(await dropOpenDeadLetter(client, { ...here, id: '1' })).toBe(true);
    expect(await dropOpenDeadLetter(client, { ...here, id: '1' })).toBe(false);
    await dropDeadLetters(client, ['2'], ' [because]');
    expect(await state()).toEqual({ open: ['3', '4', '5'], replayed: [], dropped: ['1', '2'] });
    const [, second] = await listDeadLetters(client, { ...here, state: 'all' });
    expect(second?.error).toBe('refused [because]');
  });

  test('of a table are dropped with it, and those that were replayed stay so', async () => {
    await markReplayed(client, ['1']);
    await dropDeadLettersOfTable(client, { ...here, table: 'public.products' }, ' (gone)');
    expect(await state()).toEqual({ open: ['3', '4', '5'], replayed: ['1'], dropped: ['2'] });
  });

  test('of a stream are dropped with it', async () => {
    await markReplayed(client, ['1']);
    await dropDeadLettersOfStream(client, here);
    expect(await state()).toEqual({ open: ['4', '5'], replayed: ['1'], dropped: ['2', '3'] });
  });

  test('are forgotten with their context', async () => {
    await forgetDeadLetters(client, 'shop');
    expect(await state()).toEqual({ open: ['5'], replayed: [], dropped: [] });
  });
});

test('a probe is one row for each direction of each context', async () => {
  const marker = (number: number): string => `00000000-0000-0000-0000-00000000000${number}`;
  for (const [index, { context, direction }] of all.entries())
    await writeProbe(client, context, direction, marker(index));
  await writeProbe(client, 'shop', 'forward', marker(9));
  const read = all.map(({ context, direction }) => readProbe(client, context, direction));
  expect(await Promise.all(read)).toEqual([marker(9), marker(1), marker(2)]);
  expect(await readProbe(client, 'other', 'reverse')).toBeUndefined();
});
