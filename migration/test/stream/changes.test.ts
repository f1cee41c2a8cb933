import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StreamMessage } from '../../src/stream/change-stream.ts';
import { readTransactions, type ReadTransaction, type TestSource, testSource } from './source.ts';

const ddl = `
CREATE TYPE mood AS ENUM ('sad', 'so so');
CREATE TABLE items (id bigint PRIMARY KEY, name text, body text, price numeric(12,2) DEFAULT 7);
ALTER TABLE items ALTER body SET STORAGE EXTERNAL;
CREATE TABLE lines (a int, b text, note text, PRIMARY KEY (a, b));
CREATE TABLE whole (id int, body text, n int);
ALTER TABLE whole ALTER body SET STORAGE EXTERNAL;
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE every_type (id int PRIMARY KEY, i8 bigint, num numeric, f8 float8, ok boolean, t text, c char(5), d date, ts timestamp, tz timestamptz, iv interval,
  j json, jb jsonb, u uuid, b bytea, arr text[], m mood, ip inet, g int GENERATED ALWAYS AS (id * 2) STORED, r int4range, x xml, money money);
CREATE TABLE parted (id int PRIMARY KEY, t text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE secret (id int PRIMARY KEY);`;

let source: TestSource;
let messages: AsyncIterator<StreamMessage>;

beforeAll(async () => {
  source = await testSource('stream_changes', ddl, [
    'items',
    'lines',
    'whole',
    'every_type',
    'parted',
  ]);
  messages = (await source.open())[Symbol.asyncIterator]();
});
afterAll(async () => {
  await source.close();
});

const run = async (sql: string): Promise<ReadTransaction> => {
  await source.client.query(`BEGIN; ${sql}; COMMIT`);
  const [transaction] = await readTransactions(messages, 1);
  return transaction!;
};
const brief = (transaction: ReadTransaction): unknown[] =>
  transaction.events.map(({ op, source: { table }, before, after }) => [op, table, before, after]);

describe('changes read from the log', () => {
  test('a transaction over several tables arrives whole, in order, under one commit position', async () => {
    const transaction = await run(
      `INSERT INTO items VALUES (1, 'a'); INSERT INTO lines VALUES (1, 'x'); UPDATE items SET name = NULL; DELETE FROM lines`,
    );
    expect(brief(transaction)).toEqual([
      ['c', 'items', null, { id: '1', name: 'a', body: null, price: '7.00' }],
      ['c', 'lines', null, { a: '1', b: 'x', note: null }],
      ['u', 'items', null, { id: '1', name: null, body: null, price: '7.00' }],
      ['d', 'lines', { a: '1', b: 'x' }, null],
    ]);
    expect(transaction.events.map((event) => event.position)).toEqual(
      [0, 1, 2, 3].map((index) => ({ commitLsn: transaction.commitLsn, index })),
    );
    expect(transaction.endLsn).toBeGreaterThan(transaction.commitLsn);
    const [row] = (
      await source.client.query('SELECT extract(epoch FROM clock_timestamp())::numeric AS now')
    ).rows;
    expect(
      Math.abs(Number(row.now) * 1e6 - Number(transaction.events[0]!.source.ts_us)),
    ).toBeLessThan(60e6);
    expect(transaction.events[0]!.source).toMatchObject({
      connector: 'postgresql',
      db: source.database.name,
      schema: 'public',
    });
  });

  test('what was rolled back to a savepoint never appears', async () => {
    const transaction = await run(
      `INSERT INTO items VALUES (10); SAVEPOINT s; INSERT INTO items VALUES (11); UPDATE items SET name = 'no'; ROLLBACK TO s; INSERT INTO items VALUES (12)`,
    );
    expect(transaction.events.map((event) => event.after?.id)).toEqual(['10', '12']);
  });

  test('tables outside of the publication never appear', async () => {
    await source.client.query('INSERT INTO secret VALUES (1)');
    expect(
      brief(await run(`INSERT INTO items VALUES (13); INSERT INTO secret VALUES (2)`)),
    ).toHaveLength(1);
  });

  test('a changed key brings the old key and nothing else of the old row', async () => {
    await run(`INSERT INTO lines VALUES (5, 'old', 'n')`);
    expect(brief(await run(`UPDATE lines SET b = 'new' WHERE a = 5`))).toEqual([
      ['u', 'lines', { a: '5', b: 'old' }, { a: '5', b: 'new', note: 'n' }],
    ]);
  });

  test('an unchanged large value is absent; with REPLICA IDENTITY FULL it comes from the old row', async () => {
    const big = 'x'.repeat(20_000);
    await run(
      `INSERT INTO items VALUES (20, 'a', repeat('x', 20000)); INSERT INTO whole VALUES (1, repeat('x', 20000), 1)`,
    );
    const transaction = await run(
      `UPDATE items SET name = 'b' WHERE id = 20; UPDATE whole SET n = 2`,
    );
    expect(transaction.events[0]!.after).toEqual({ id: '20', name: 'b', price: '7.00' });
    expect(transaction.events[1]).toMatchObject({
      before: { id: '1', body: big, n: '1' },
      after: { id: '1', body: big, n: '2' },
    });
  });

  test('truncate of several tables is one event each', async () => {
    expect(brief(await run('TRUNCATE items, lines'))).toEqual([
      ['t', 'items', null, null],
      ['t', 'lines', null, null],
    ]);
  });

  test('COPY arrives row by row with positions that never repeat', async () => {
    const transaction = await run(
      `INSERT INTO lines SELECT 1, g::text FROM generate_series(1, 2500) g`,
    );
    expect(transaction.events.map((event) => event.position.index)).toEqual(
      Array.from({ length: 2500 }, (_, index) => index),
    );
    expect(transaction.chunks).toBeGreaterThanOrEqual(3);
  });

  test('a table altered in the middle of the stream, even of a transaction, is read as it is at each change', async () => {
    const transaction = await run(
      `INSERT INTO items VALUES (30, 'a'); ALTER TABLE items ADD COLUMN extra int DEFAULT 4; INSERT INTO items VALUES (31, 'b'); ALTER TABLE items DROP COLUMN name; INSERT INTO items VALUES (32)`,
    );
    expect(transaction.events.map((event) => event.after)).toEqual([
      { id: '30', name: 'a', body: null, price: '7.00' },
      { id: '31', name: 'b', body: null, price: '7.00', extra: '4' },
      { id: '32', body: null, price: '7.00', extra: '4' },
    ]);
  });

  test('rows of a partition are changes of the partitioned table', async () => {
    expect(brief(await run(`INSERT INTO parted VALUES (1, 'p')`))).toEqual([
      ['c', 'parted', null, { id: '1', t: 'p' }],
    ]);
  });

  test('values of every type are the text that PostgreSQL writes them as, whatever the role or server prefers', async () => {
    await source.client.query(
      `ALTER DATABASE "${source.database.name}" SET TimeZone = 'Asia/Tokyo'`,
    );
    const transaction =
      await run(`INSERT INTO every_type VALUES (1, 9007199254740993, 1.10, 0.1, true, E'a\\\\b\\n''"', 'ab', '2026-01-02', '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05.123456+02', '1 mon 2 days 03:00:00.5',
      '{"a": 1.0}', '{"b":  2}', '00000000-0000-0000-0000-000000000001', '\\x00ff', ARRAY['a', NULL, 'b,c'], 'so so', '10.0.0.1/8', DEFAULT, '[1,5)', '<a/>', 12.5)`);
    expect(transaction.events[0]!.after).toEqual({
      id: '1',
      i8: '9007199254740993',
      num: '1.10',
      f8: '0.1',
      ok: 't',
      t: 'a\\b\n\'"',
      c: 'ab   ',
      d: '2026-01-02',
      ts: '2026-01-02 03:04:05.123456',
      tz: '2026-01-02 01:04:05.123456+00',
      iv: '1 mon 2 days 03:00:00.5',
      j: '{"a": 1.0}',
      jb: '{"b": 2}',
      u: '00000000-0000-0000-0000-000000000001',
      b: '\\x00ff',
      arr: '{a,NULL,"b,c"}',
      m: 'so so',
      ip: '10.0.0.1/8',
      r: '[1,5)',
      x: '<a/>',
      money: '$12.50',
    });
  });

  test('writes that replication itself made do not come back', async () => {
    const { client } = source;
    const origin = `test_${source.slot}`;
    await client.query(
      `SELECT pg_replication_origin_create('${origin}'); SELECT pg_replication_origin_session_setup('${origin}')`,
    );
    await client.query(`INSERT INTO items VALUES (40)`);
    await client.query('SELECT pg_replication_origin_session_reset()');
    expect(
      (await run('INSERT INTO items VALUES (41)')).events.map((event) => event.after?.id),
    ).toEqual(['41']);
    await client.query(`SELECT pg_replication_origin_drop('${origin}')`);
  });
});
