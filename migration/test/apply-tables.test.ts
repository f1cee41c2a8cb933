import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { Applier } from '../src/apply/applier.ts';
import { prepareApplySession } from '../src/apply/apply-session.ts';
import { openStreamRow } from '../src/replica/streams.ts';
import { connect } from '../src/database/connect.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { ChangeEvent, Row } from '../src/stream/change-event.ts';
import type { StreamMessage } from '../src/stream/change-stream.ts';

let database: TestDatabase;
let client: pg.Client;
const role = `apply_${process.pid}`;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  database = await createTestDatabase('tables');
  client = await connect(database.url, { applicationName: 'test' });
  await installReplicaSchema(client);
});

afterAll(async () => {
  for (const session of sessions) await session.end();
  await client?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => undefined);
  await client?.end();
  await database?.drop();
});

interface Target {
  readonly session: pg.Client;
  apply(op: ChangeEvent['op'], rows: readonly Row[]): Promise<void>;
  /** A change of one row's key. */
  move(before: Row, after: Row): Promise<void>;
  stored(): Promise<Row[]>;
}

/** An applier of a table `name` with columns k and n. */
async function open(
  name: string,
  ddl: string,
  prepare = '',
  more: Record<string, string> = {},
): Promise<Target> {
  await client.query(ddl);
  const mapping = await loadMapping(
    {
      context: name,
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables: [
        { monolith: name, service: [{ table: name, columns: { k: 'k', n: 'n', ...more } }] },
      ],
    },
    client,
    client,
  );
  await openStreamRow(
    client,
    { context: name, direction: 'forward' },
    { epoch: 1n, position: 100n },
  );
  const session = await connect(database.url, { applicationName: 'applier' });
  sessions.push(session);
  await prepareApplySession(session, null);
  if (prepare !== '') await session.query(prepare);
  const applier = new Applier({
    client: session,
    mapping,
    context: name,
    direction: 'forward',
    epoch: 1n,
  });
  let lsn = 100n;
  const target: Target & {
    changes(op: ChangeEvent['op'], all: [Row | null, Row][]): Promise<void>;
  } = {
    session,
    apply: (op, rows) =>
      target.changes(
        op,
        rows.map((row) => [null, row]),
      ),
    move: (before, after) => target.changes('u', [[before, after]]),
    async changes(op, all) {
      const at = (lsn += 10n);
      const events = all.map(([before, after], index): ChangeEvent => ({
        op,
        before,
        after,
        source: {
          connector: 'postgresql',
          db: 'd',
          schema: 'public',
          table: name,
          txId: 1,
          lsn: at,
          ts_us: 0n,
        },
        position: { commitLsn: at, index },
      }));
      const messages: StreamMessage[] = [
        { kind: 'begin', commitLsn: at, commitTime: 0n, xid: 1 },
        { kind: 'changes', events, size: events.length },
        { kind: 'commit', commitLsn: at, endLsn: at + 5n, commitTime: 0n },
      ];
      await applier.apply(messages);
    },
    stored: async () =>
      (await client.query<Row>(`SELECT k::text, n::text FROM ${name} ORDER BY k::text::int`)).rows,
  };
  return target;
}

const rows = (from: number, count: number, n: string): Row[] =>
  Array.from({ length: count }, (_, index) => ({ k: String(from + index), n }));

describe('a target that does not take everything', () => {
  test('a table that got row policies, which could hide rows, takes nothing any more', async () => {
    await client.query(
      `CREATE ROLE ${role}; GRANT USAGE ON SCHEMA public, strangler TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA strangler TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA strangler TO ${role}`,
    );
    const target = await open(
      'secured',
      `
      CREATE TABLE secured (k bigint PRIMARY KEY, n int); ALTER TABLE secured ENABLE ROW LEVEL SECURITY; CREATE POLICY all_rows ON secured TO ${role} USING (true) WITH CHECK (true); GRANT ALL ON secured TO ${role}`,
      `SET ROLE ${role}`,
    );
    for (const count of [5, 100])
      await expect(target.apply('c', rows(1, count, '1'))).rejects.toMatchObject({ code: '42501' });
    expect(await target.stored()).toEqual([]);
  });

  test('a table whose key is checked at the end of a transaction', async () => {
    const target = await open(
      'late',
      'CREATE TABLE late (k bigint PRIMARY KEY DEFERRABLE, n int); ALTER TABLE late REPLICA IDENTITY FULL',
    );
    await target.apply('c', rows(1, 5, '1'));
    await target.apply('c', rows(6, 100, '2'));
    await target.apply('u', rows(1, 50, '3'));
    expect(await target.stored()).toEqual([...rows(1, 50, '3'), ...rows(51, 55, '2')]);
  });

  test('a partitioned table', async () => {
    const target = await open(
      'parted',
      `CREATE TABLE parted (k bigint PRIMARY KEY, n int) PARTITION BY HASH (k);
      CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
    );
    await target.apply('c', rows(1, 100, '1'));
    await target.apply('u', rows(50, 100, '2'));
    expect(await target.stored()).toEqual([...rows(1, 49, '1'), ...rows(50, 100, '2')]);
  });
});

describe('a row that gets another key', () => {
  const waiting = async (context: string): Promise<unknown[]> =>
    (
      await client.query(
        `SELECT key ->> 'k' AS k, error_code AS code FROM strangler.dead_letters WHERE context = $1 AND state = 'open' ORDER BY id`,
        [context],
      )
    ).rows;

  test('is made anew where only the database sets the key, and nothing is left at the old one', async () => {
    const target = await open(
      'fixed',
      'CREATE TABLE fixed (k bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int)',
    );
    await target.apply('c', rows(1, 3, '1'));
    await target.move({ k: '2' }, { k: '20', n: '5' });
    expect(await target.stored()).toEqual([
      { k: '1', n: '1' },
      { k: '3', n: '1' },
      { k: '20', n: '5' },
    ]);
  });

  test('is made where it was not there, whole; what holds a part of it waits for a person', async () => {
    const target = await open(
      'moved',
      'CREATE TABLE moved (k bigint PRIMARY KEY, n int, m int)',
      '',
      { m: 'm' },
    );
    await target.move({ k: '7' }, { k: '8', n: '5', m: '6' });
    expect(await target.stored()).toEqual([{ k: '8', n: '5' }]);
    await target.move({ k: '1' }, { k: '2', n: '5' });
    expect(await target.stored()).toEqual([{ k: '8', n: '5' }]);
    expect(await waiting('moved')).toEqual([{ k: '2', code: 'APPLY_FAILED' }]);
  });

  test('a change of some columns of a row that is not there waits for a person, one of a row that is there does not', async () => {
    const target = await open(
      'lacking',
      'CREATE TABLE lacking (k bigint PRIMARY KEY, n int, m int)',
      '',
      { m: 'm' },
    );
    await target.apply('c', [{ k: '1', n: '1', m: '1' }]);
    await target.apply('u', [
      { k: '1', n: '5' },
      { k: '2', n: '5' },
    ]);
    expect(await target.stored()).toEqual([{ k: '1', n: '5' }]);
    expect(await waiting('lacking')).toEqual([{ k: '2', code: 'APPLY_FAILED' }]);
  });
});

describe('contexts side by side', () => {
  test('a truncate ends the waiting of its own table in its own context, and positions are of one context each', async () => {
    const [one, two] = [
      await open('side_one', 'CREATE TABLE side_one (k bigint PRIMARY KEY, n int)'),
      await open('side_two', 'CREATE TABLE side_two (k bigint PRIMARY KEY, n int)'),
    ];
    for (const target of [one, two]) await target.apply('c', [{ k: '1', n: 'no number' }]);
    const letters = async (): Promise<unknown> =>
      (
        await client.query(
          `SELECT context, state FROM strangler.dead_letters WHERE context LIKE 'side%' ORDER BY 1`,
        )
      ).rows;
    await one.apply('t', [{}]);
    expect(await letters()).toEqual([
      { context: 'side_one', state: 'dropped' },
      { context: 'side_two', state: 'open' },
    ]);
    await two.apply('c', rows(2, 1, '1'));
    const { rows: positions } = await client.query(
      `SELECT context, position::text FROM strangler.streams WHERE context LIKE 'side%' ORDER BY 1`,
    );
    expect(positions).toEqual([
      { context: 'side_one', position: '0/7D' },
      { context: 'side_two', position: '0/7D' },
    ]);
    await one.apply('c', rows(2, 1, '1'));
    expect(
      (await client.query('SELECT DISTINCT position::text FROM strangler.streams')).rows,
    ).toContainEqual({
      position: '0/87',
    });
  });
});

describe('plans', () => {
  const setting = async ({ session }: Target): Promise<unknown> =>
    (await session.query('SHOW enable_hashjoin')).rows;

  test('rows are looked up by their key', async () => {
    const target = await open('usual', 'CREATE TABLE usual (k bigint PRIMARY KEY, n int)');
    await target.apply('u', rows(1, 5, '1'));
    expect(await setting(target)).toEqual([{ enable_hashjoin: 'off' }]);
  });

  test('but not where "=" is another one than the index\'s, which would read the whole table for every row', async () => {
    const target = await open(
      'odd',
      `CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE odd (k ext.citext PRIMARY KEY, n int)`,
    );
    await target.apply('u', rows(1, 5, '1'));
    expect(await setting(target)).toEqual([{ enable_hashjoin: 'on' }]);
    await target.apply('u', rows(1, 50, '2'));
    expect(await target.stored()).toEqual(rows(1, 50, '2'));
  });
});
