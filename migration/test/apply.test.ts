import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { isStranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { Applier } from '../src/apply/applier.ts';
import { prepareApplySession } from '../src/apply/apply-session.ts';
import { replayDeadLetter } from '../src/apply/dead-letters.ts';
import { listDeadLetters } from '../src/replica/dead-letters.ts';
import { openStreamRow, readStreamRow } from '../src/replica/streams.ts';
import { connect } from '../src/database/connect.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { CompiledMapping } from '../src/mapping/compiled-mapping.ts';
import type { ChangeEvent, Row } from '../src/stream/change-event.ts';
import type { StreamMessage } from '../src/stream/change-stream.ts';

let source: TestDatabase;
let target: TestDatabase;
let sourceClient: pg.Client;
let client: pg.Client;
let mapping: CompiledMapping;
const extra: pg.Client[] = [];

const table = `CREATE TABLE items (id bigint PRIMARY KEY, slug text UNIQUE, big text, n int)`;

beforeAll(async () => {
  source = await createTestDatabase('source');
  target = await createTestDatabase('target');
  sourceClient = await connect(source.url, { applicationName: 'test' });
  client = await connect(target.url, { applicationName: 'test' });
  await sourceClient.query(table);
  await client.query(table);
  // counts every application of a row: what exactly-once means
  await client.query(`CREATE TABLE applied (id bigint);
    CREATE FUNCTION count_applied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO applied VALUES (NEW.id); RETURN NEW; END $$;
    CREATE TRIGGER count_applied AFTER INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION count_applied(); ALTER TABLE items ENABLE ALWAYS TRIGGER count_applied`);
  await installReplicaSchema(client);
  mapping = await loadMapping(
    {
      context: 'items',
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables: [
        {
          monolith: 'items',
          service: [{ table: 'items', columns: { id: 'id', slug: 'slug', big: 'big', n: 'n' } }],
        },
      ],
    },
    sourceClient,
    client,
  );
});

beforeEach(async () => {
  await client.query('TRUNCATE items, applied, strangler.streams, strangler.dead_letters');
  await openStreamRow(
    client,
    { context: 'items', direction: 'forward' },
    { epoch: 1n, position: 100n },
  );
});

afterAll(async () => {
  for (const each of [sourceClient, client, ...extra]) await each?.end().catch(() => undefined);
  await source?.drop();
  await target?.drop();
});

async function newApplier(
  epoch = 1n,
  chunkEvents?: number,
): Promise<{ applier: Applier; session: pg.Client }> {
  const session = await connect(target.url, { applicationName: 'applier' });
  extra.push(session);
  await prepareApplySession(session, null);
  return {
    applier: new Applier({
      client: session,
      mapping,
      context: 'items',
      direction: 'forward',
      epoch,
      ...(chunkEvents !== undefined && { chunkEvents }),
    }),
    session,
  };
}

function transaction(
  lsn: bigint,
  changes: readonly (readonly [ChangeEvent['op'], Row | null, Row | null])[],
  endLsn = lsn + 5n,
): StreamMessage[] {
  const events = changes.map(([op, before, after], index): ChangeEvent => ({
    op,
    before,
    after,
    source: {
      connector: 'postgresql',
      db: 'd',
      schema: 'public',
      table: 'items',
      txId: 1,
      lsn,
      ts_us: 0n,
    },
    position: { commitLsn: lsn, index },
  }));
  return [
    { kind: 'begin', commitLsn: lsn, commitTime: 0n, xid: 1 },
    { kind: 'changes', events, size: events.length },
    { kind: 'commit', commitLsn: lsn, endLsn, commitTime: 0n },
  ];
}

const item = (id: number, slug = `s${id}`, n = '1'): Row => ({
  id: String(id),
  slug,
  big: 'big',
  n,
});
const rows = async (sql = 'SELECT id, slug, big, n FROM items ORDER BY id'): Promise<unknown[]> =>
  (await client.query({ text: sql, rowMode: 'array' })).rows;
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (isStranglerError(error) ? error.code : String(error)),
  );

describe('applying changes', () => {
  test('a transaction that comes again is skipped, one out of order is refused', async () => {
    const { applier } = await newApplier();
    await applier.apply(transaction(110n, [['c', null, item(1)]]));
    await applier.apply(transaction(110n, [['c', null, item(1)]]));
    await applier.apply(transaction(130n, [['c', null, item(2)]]));
    expect(await codeOf(applier.apply(transaction(120n, [['c', null, item(3)]])))).toBe(
      'POSITION_GAP',
    );
    const { applier: restarted } = await newApplier();
    await restarted.apply([
      ...transaction(110n, [['c', null, item(1)]]),
      ...transaction(130n, [['c', null, item(2)]]),
      ...transaction(140n, [['c', null, item(4)]]),
    ]);
    expect(await rows('SELECT id FROM applied ORDER BY id')).toEqual([['1'], ['2'], ['4']]);
    expect((await readStreamRow(client, 'items', 'forward'))?.position).toBe(145n);
  });

  test('a transaction that begins exactly where the one before ended is applied, once, also by the next applier', async () => {
    const adjacent = (from: number, count: number): StreamMessage[] =>
      Array.from({ length: count }, (_, index) => from + index).flatMap((id) =>
        transaction(BigInt(100 + id), [['c', null, item(id)]], BigInt(101 + id)),
      );
    const position = async () => (await readStreamRow(client, 'items', 'forward'))?.position;
    const ids = async () => (await rows('SELECT id FROM applied ORDER BY id')).flat();
    const { applier } = await newApplier();
    await applier.apply(adjacent(0, 2));
    await applier.apply(adjacent(2, 1));
    expect([await position(), await ids()]).toEqual([103n, ['0', '1', '2']]);
    const { applier: next } = await newApplier();
    // The source sends again what it does not know to be applied.
    await next.apply(adjacent(1, 3));
    await next.apply(adjacent(4, 1));
    expect([await position(), await ids()]).toEqual([105n, ['0', '1', '2', '3', '4']]);
  });

  test('an idle position is one up to which nothing is missing: what begins there is applied, and it never goes back', async () => {
    const { applier } = await newApplier();
    await applier.apply([{ kind: 'idle', lsn: 120n }]);
    await applier.apply([{ kind: 'idle', lsn: 110n }]);
    expect(await applier.position()).toBe(120n);
    await applier.apply(transaction(120n, [['c', null, item(1)]]));
    expect([await applier.position(), await rows('SELECT id FROM items')]).toEqual([125n, [['1']]]);
  });

  test('what failed is applied when it comes again, to the same applier', async () => {
    const { applier, session } = await newApplier();
    await session.query(`SET lock_timeout = '50ms'`);
    await client.query('BEGIN; LOCK TABLE items');
    expect(await codeOf(applier.apply(transaction(110n, [['c', null, item(1)]])))).toMatch(/lock/);
    await client.query('ROLLBACK');
    await applier.apply(transaction(110n, [['c', null, item(1)]]));
    await applier.apply(transaction(120n, [['c', null, item(2)]]));
    expect(await rows('SELECT id FROM applied ORDER BY id')).toEqual([['1'], ['2']]);
  });

  test('where a transport goes on is stored with the changes, each place by its name', async () => {
    const { applier } = await newApplier();
    const [begin, changes, commit] = transaction(110n, [['c', null, item(1)]]);
    await applier.apply([
      begin!,
      changes!,
      { ...commit!, checkpoint: { a: '1', b: '1' } } as never,
    ]);
    await applier.apply([{ kind: 'idle', lsn: 120n, checkpoint: { b: '2' } }]);
    expect((await readStreamRow(client, 'items', 'forward'))?.checkpoint).toEqual({
      a: '1',
      b: '2',
    });
  });

  test.each(['the same applier', 'the next one'])(
    'a change of a key that is refused blocks both of its keys, for %s',
    async (which) => {
      const { applier } = await newApplier();
      await applier.apply(
        transaction(110n, [
          ['c', null, item(1)],
          ['c', null, item(9)],
        ]),
      );
      await applier.apply(transaction(120n, [['u', { id: '1' }, item(2, 's1', 'no number')]]));
      const then = which === 'the next one' ? (await newApplier()).applier : applier;
      await then.apply(
        transaction(130n, [
          ['u', null, item(2, 's1', '7')],
          ['c', null, item(1, 'another')],
          ['u', null, item(9, 's9', '9')],
        ]),
      );
      // The row stands where it stood; whoever came to either key waits.
      expect(await rows('SELECT id, slug, n FROM items ORDER BY id')).toEqual([
        ['1', 's1', '1'],
        ['9', 's9', '9'],
      ]);
      expect(
        (await listDeadLetters(client, { context: 'items' })).map((letter) => [
          letter.key['id'],
          letter.errorCode,
        ]),
      ).toEqual([
        ['2', '22P02'],
        ['2', 'DEAD_LETTERS'],
        ['1', 'DEAD_LETTERS'],
      ]);
    },
  );

  test('a change of a key to or from one that waits, waits too, and takes its other key along', async () => {
    const { applier } = await newApplier();
    await applier.apply(
      transaction(110n, [
        ['c', null, item(1, 's1', 'no number')],
        ['c', null, item(5)],
      ]),
    );
    await applier.apply(
      transaction(120n, [
        ['u', { id: '5' }, item(1, 's5')],
        ['c', null, item(5, 'anew')],
      ]),
    );
    expect(await rows('SELECT id, slug FROM items ORDER BY id')).toEqual([['5', 's5']]);
    expect(
      (await listDeadLetters(client, { context: 'items' })).map(({ key }) => key['id']),
    ).toEqual(['1', '1', '5']);
  });

  test('a replay of one change takes along all that wait with it, through changes of the key, and only in its own epoch', async () => {
    await client.query('ALTER TABLE items ADD CONSTRAINT small CHECK (n < 100)');
    const { applier, session } = await newApplier();
    await applier.apply(
      transaction(110n, [
        ['c', null, item(1, 's1', '500')],
        ['u', { id: '1' }, item(2, 's2')],
        ['u', { id: '2' }, item(3, 's3')],
        ['u', null, item(3, 's3', '7')],
        ['c', null, item(9, 's9', '500')],
      ]),
    );
    await client.query('ALTER TABLE items DROP CONSTRAINT small');
    const letters = await listDeadLetters(client, { context: 'items' });
    const [, , , last] = letters;
    const replay = (epoch: bigint): Promise<unknown> =>
      replayDeadLetter({
        client: session,
        mapping,
        context: 'items',
        direction: 'forward',
        epoch,
        id: String(last?.id),
      });
    expect(await codeOf(replay(2n))).toBe('STREAM_CLOSED');
    expect(await replay(1n)).toEqual({ replayed: letters.slice(0, 4).map(({ id }) => id) });
    expect(await rows('SELECT id, slug, n FROM items')).toEqual([['3', 's3', '7']]);
    expect(await listDeadLetters(client, { context: 'items' })).toEqual(letters.slice(4));
  });

  test('a row that was deleted and made anew keeps nothing of the old one', async () => {
    await client.query('ALTER TABLE items ADD own text');
    const { applier } = await newApplier();
    await client.query(`INSERT INTO items VALUES (1, 's1', 'big', 1, 'of the service')`);
    await applier.apply(
      transaction(110n, [
        ['d', { id: '1' }, null],
        ['c', null, item(1, 'new')],
      ]),
    );
    expect(await rows('SELECT slug, own FROM items')).toEqual([['new', null]]);
    await client.query('ALTER TABLE items DROP own');
  });

  test('two appliers at once, both killed in the middle at times, apply every change once', async () => {
    const stream = Array.from({ length: 60 }, (_, index) =>
      transaction(200n + BigInt(index) * 10n, [['c', null, item(index + 1)]]),
    );
    const run = async (seed: number): Promise<void> => {
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const { applier, session } = await newApplier();
        try {
          for (const [index, messages] of stream.entries()) {
            const work = applier.apply(messages);
            if (index === attempt * 6 + seed) session.connection.stream.destroy();
            await work;
          }
          return;
        } catch {
          // killed: begin again from the start of the stream, as a source that forgot nothing would
        }
      }
    };
    await Promise.all([run(5), run(2)]);
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM applied')).toEqual([['60', '60']]);
    expect(await rows('SELECT count(*) FROM items')).toEqual([['60']]);
  });

  test('a worker of another epoch, or of a closed stream, is turned away', async () => {
    const { applier } = await newApplier(2n);
    expect(await codeOf(applier.apply(transaction(110n, [['c', null, item(1)]])))).toBe(
      'STREAM_CLOSED',
    );
    const { applier: zombie } = await newApplier();
    await zombie.apply(transaction(110n, [['c', null, item(1)]]));
    await client.query(`UPDATE strangler.streams SET state = 'closed'`);
    expect(await codeOf(zombie.apply(transaction(120n, [['c', null, item(2)]])))).toBe(
      'STREAM_CLOSED',
    );
    expect(await rows('SELECT id FROM items')).toEqual([['1']]);
  });

  test('an absent value keeps what is there, a changed key moves the row, and unique values may change places', async () => {
    const { applier } = await newApplier();
    await applier.apply(
      transaction(110n, [
        ['c', null, item(1, 'a')],
        ['c', null, item(2, 'b')],
        ['c', null, item(3, 'c')],
      ]),
    );
    await applier.apply(
      transaction(120n, [
        ['u', null, { id: '1', slug: 'tmp', n: '7' }],
        ['u', null, { id: '2', slug: 'a', n: '2' }],
        ['u', null, { id: '1', slug: 'b', n: '8' }],
        ['u', { id: '3' }, { id: '30', slug: 'c', n: null }],
      ]),
    );
    expect(await rows()).toEqual([
      ['1', 'b', 'big', '8'],
      ['2', 'a', 'big', '2'],
      ['30', 'c', 'big', null],
    ]);
    expect(await listDeadLetters(client, { context: 'items' })).toEqual([]);
  });

  test('a transaction larger than the buffer stays one transaction', async () => {
    const { applier } = await newApplier();
    const [begin, changes, commit] = transaction(
      110n,
      Array.from({ length: 6000 }, (_, index) => ['c', null, item(index + 1)] as const),
    );
    expect(await applier.apply([begin!, changes!])).toBeNull();
    expect(await rows('SELECT count(*) FROM items')).toEqual([['0']]);
    expect((await applier.apply([commit!]))?.rows).toBe(6000);
    expect(await rows('SELECT count(*) FROM items')).toEqual([['6000']]);
  });

  test('a refused row waits with its later changes while others pass; a truncate ends the waiting', async () => {
    const { applier } = await newApplier();
    await applier.apply(
      transaction(110n, [
        ['c', null, item(1)],
        ['c', null, item(2, 's2', 'no number')],
        ['c', null, item(3)],
      ]),
    );
    await applier.apply(
      transaction(120n, [
        ['u', null, item(2, 's2', '5')],
        ['u', null, item(3, 's3', '5')],
      ]),
    );
    expect(await rows('SELECT id, n FROM items ORDER BY id')).toEqual([
      ['1', '1'],
      ['3', '5'],
    ]);
    expect(
      (await listDeadLetters(client, { context: 'items' })).map((letter) => [
        letter.key['id'],
        letter.errorCode,
      ]),
    ).toEqual([
      ['2', '22P02'],
      ['2', 'DEAD_LETTERS'],
    ]);
    await applier.apply(
      transaction(130n, [
        ['t', null, null],
        ['c', null, item(2)],
      ]),
    );
    expect(await rows('SELECT id, n FROM items ORDER BY id')).toEqual([['2', '1']]);
    expect(await listDeadLetters(client, { context: 'items' })).toEqual([]);
  });

  test('a truncate also ends what waits since a moment ago, in the same batch', async () => {
    const { applier } = await newApplier();
    await applier.apply([
      ...transaction(110n, [
        ['c', null, item(1, 's1', 'no number')],
        ['c', null, item(2)],
      ]),
      ...transaction(120n, [['t', null, null]]),
      ...transaction(130n, [['c', null, item(1)]]),
    ]);
    expect(await rows('SELECT id, n FROM items ORDER BY id')).toEqual([['1', '1']]);
    expect(await listDeadLetters(client, { context: 'items' })).toEqual([]);
  });

  test('rows refused in several pieces of one transaction wait each for itself; what was written between them stays', async () => {
    const { applier } = await newApplier(1n, 3);
    const refused = new Set([1, 5, 6, 12]);
    const [begin, , commit] = transaction(110n, []);
    for (const part of [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]) {
      const [, changes] = transaction(
        110n,
        part.map(
          (id) => ['c', null, item(id, `s${id}`, refused.has(id) ? 'no number' : '1')] as const,
        ),
      );
      await applier.apply(part[0] === 1 ? [begin!, changes!] : [changes!]);
    }
    expect((await applier.apply([commit!]))?.deadLetters).toBe(4);
    expect((await rows('SELECT id FROM items ORDER BY id')).flat()).toEqual([
      '2',
      '3',
      '4',
      '7',
      '8',
      '9',
      '10',
      '11',
    ]);
    expect(
      (await listDeadLetters(client, { context: 'items' })).map(({ key }) => key['id']),
    ).toEqual(['1', '5', '6', '12']);
  });

  test('a new row that is there already is replaced, as often as it happens, and takes unique values that others gave up', async () => {
    const { applier } = await newApplier();
    await client.query(`INSERT INTO items VALUES (1, 's1', 'kept', 7), (5, 'e', NULL, 1)`);
    for (const lsn of [110n, 120n, 130n, 140n, 150n, 160n]) {
      await applier.apply(
        transaction(lsn, [
          ['c', null, item(1, 's1', String(lsn))],
          ['u', null, item(5, `e${lsn}`)],
          ['c', null, item(Number(lsn), 'e')],
          ['u', null, item(Number(lsn), `f${lsn}`)],
        ]),
      );
    }
    expect(await rows('SELECT id, slug, n FROM items ORDER BY id')).toEqual([
      ['1', 's1', '160'],
      ['5', 'e160', '1'],
      ...['110', '120', '130', '140', '150', '160'].map((lsn) => [lsn, `f${lsn}`, '1']),
    ]);
    expect(await listDeadLetters(client, { context: 'items' })).toEqual([]);
  });
});

describe('many rows at once', () => {
  const many = (from: number, count: number, n = '1'): Row[] =>
    Array.from({ length: count }, (_, index) => item(from + index, `s${from + index}`, n));
  const created = (lsn: bigint, made: readonly Row[]): StreamMessage[] =>
    transaction(
      lsn,
      made.map((row) => ['c', null, row] as const),
    );
  const updated = (lsn: bigint, changed: readonly Row[]): StreamMessage[] =>
    transaction(
      lsn,
      changed.map((row) => ['u', null, row] as const),
    );

  test("a created row that is there already takes the source's values, and its neighbours come too", async () => {
    await client.query(`INSERT INTO items VALUES (7, 'repaired', 'by hand', 99)`);
    const { applier } = await newApplier();
    await applier.apply(created(110n, many(1, 50)));
    await applier.apply(created(120n, many(51, 50)));
    await applier.apply(created(130n, many(101, 50)));
    await applier.apply(created(140n, many(151, 50)));
    expect(await rows('SELECT id, slug, n FROM items ORDER BY id')).toEqual(
      many(1, 200).map(({ id, slug, n }) => [id, slug, n]),
    );
    expect(await listDeadLetters(client, { context: 'items' })).toEqual([]);
    // 7 was there once before
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM applied')).toEqual([
      ['201', '200'],
    ]);
  });

  test('an updated row that is not there comes in whole, and every row is written once', async () => {
    const { applier } = await newApplier();
    await applier.apply(created(110n, many(1, 50)));
    await client.query('DELETE FROM items WHERE id = 20; TRUNCATE applied');
    await applier.apply(updated(120n, many(1, 50, '2')));
    expect(await rows('SELECT id, n FROM items ORDER BY id')).toEqual(
      many(1, 50).map(({ id }) => [id, '2']),
    );
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM applied')).toEqual([['50', '50']]);
    await client.query('TRUNCATE applied');
    await applier.apply(updated(130n, many(1, 50, '3')));
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM applied')).toEqual([['50', '50']]);
  });

  test('a row that the target refuses among many created ones is set aside alone', async () => {
    const { applier } = await newApplier();
    await applier.apply(
      created(110n, [...many(1, 30), item(31, 's31', 'no number'), ...many(32, 30)]),
    );
    expect(await rows('SELECT count(*) FROM items')).toEqual([['60']]);
    expect((await listDeadLetters(client, { context: 'items' })).map(({ key }) => key)).toEqual([
      { id: '31' },
    ]);
  });

  test('a table that was small when the first batch came is not read from end to end for those that follow', async () => {
    const { applier, session } = await newApplier();
    const scans = async (): Promise<number> => {
      // the test's own scans too: what it did before is counted up to a second later
      for (const each of [session, client]) await each.query('SELECT pg_stat_force_next_flush()');
      const found = await rows(`SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'items'`);
      return Number((found as string[][])[0]?.[0]);
    };
    await applier.apply(updated(110n, many(1, 2)));
    await applier.apply(
      transaction(115n, [
        ['d', { id: '1' }, null],
        ['u', null, { id: '2', n: '5' }],
      ]),
    );
    await applier.apply(created(120n, many(3, 3000)));
    const before = await scans();
    for (let batch = 0n; batch < 8n; batch += 1n) {
      await applier.apply(updated(200n + batch * 10n, many(3, 1000, String(batch))));
      await applier.apply(
        transaction(205n + batch * 10n, [
          ['u', null, { id: String(1500n + batch), n: '77' }],
          ['d', { id: String(2000n + batch) }, null],
        ]),
      );
    }
    // sessions of tests before count theirs when they end; the batches here would be sixteen
    expect((await scans()) - before).toBeLessThan(4);
    expect(await rows('SELECT count(*) FROM items WHERE n = 7')).toEqual([['1000']]);
  });

  test('what cannot be read while the chunk before it is written takes that chunk along, and the next attempt finds nothing half done', async () => {
    const { applier } = await newApplier(1n, 30);
    const broken = transaction(
      110n,
      [...many(1, 30), { id: '31' }].map((row) => ['c', null, row] as const),
    );
    // two messages: the first is a chunk of its own
    const [begin, changes, commit] = broken as [
      StreamMessage,
      Extract<StreamMessage, { kind: 'changes' }>,
      StreamMessage,
    ];
    const parts: StreamMessage[] = [
      begin,
      { ...changes, events: changes.events.slice(0, 30) },
      { ...changes, events: changes.events.slice(30) },
      commit,
    ];
    expect(await codeOf(applier.apply(parts))).toBe('SCHEMA_CHANGED');
    expect(await rows('SELECT count(*) FROM items')).toEqual([['0']]);
    expect((await readStreamRow(client, 'items', 'forward'))?.position).toBe(100n);
    await applier.apply(created(110n, many(1, 90)));
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM applied')).toEqual([['90', '90']]);
  });
});
