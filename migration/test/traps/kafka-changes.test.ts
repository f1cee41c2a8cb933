import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { from as copyFrom } from 'pg-copy-streams';
import { connect } from '../../src/database/connect.ts';
import { createKafka } from '../../src/stream/kafka/kafka-client.ts';
import {
  type KafkaLeg,
  kafkaLeg,
  nextTransaction,
  type Opened,
  testDatabase,
  type Transaction,
} from '../parity/kafka-source.ts';

const ddl = `
CREATE TABLE items (id bigint PRIMARY KEY, name text DEFAULT 'nobody', body text, n int DEFAULT 7);
ALTER TABLE items ALTER body SET STORAGE EXTERNAL;
CREATE TABLE lines (a int, b text, note text, PRIMARY KEY (a, b));
CREATE TABLE large (id int PRIMARY KEY, t text, v varchar, b bytea, j jsonb, js json, x xml, a text[], u uuid[], i int[], n int);
ALTER TABLE large ALTER t SET STORAGE EXTERNAL, ALTER v SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL, ALTER j SET STORAGE EXTERNAL, ALTER js SET STORAGE EXTERNAL, ALTER x SET STORAGE EXTERNAL,
  ALTER a SET STORAGE EXTERNAL, ALTER u SET STORAGE EXTERNAL, ALTER i SET STORAGE EXTERNAL;
CREATE TABLE whole (id int PRIMARY KEY, body text, n int);
ALTER TABLE whole ALTER body SET STORAGE EXTERNAL;
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE secret (id int PRIMARY KEY);`;

describeWithKafka('changes that Debezium makes hard to read', () => {
  let db: Awaited<ReturnType<typeof testDatabase>>;
  let leg: KafkaLeg;
  let opened: Opened;

  beforeAll(async () => {
    await sharedKafka();
    db = await testDatabase('trap_changes', ddl);
    leg = await kafkaLeg(db.database.url, 'trap', ['items', 'lines', 'large', 'whole']);
    opened = await leg.open();
  });
  afterAll(async () => {
    await leg?.[Symbol.asyncDispose]();
    await db?.[Symbol.asyncDispose]();
  });

  const run = async (...statements: string[]): Promise<Transaction> => {
    await db.client.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
    return nextTransaction(opened.messages);
  };
  const brief = (transaction: Transaction): unknown[] =>
    transaction.events.map(({ op, source: { table }, before, after }) => [
      op,
      table,
      before,
      after,
    ]);

  test('TRUNCATE is not skipped and stands between the changes before and after it, whatever their partitions', async () => {
    const transaction = await run(
      `INSERT INTO lines SELECT n, 'x' FROM generate_series(1, 50) n`,
      'TRUNCATE lines, items',
      `INSERT INTO lines SELECT n, 'y' FROM generate_series(1, 50) n`,
    );
    expect(transaction.events.map(({ op }) => op).join('')).toBe(
      `${'c'.repeat(50)}tt${'c'.repeat(50)}`,
    );
    expect(new Set(transaction.events.slice(52).map(({ after }) => after?.b))).toEqual(
      new Set(['y']),
    );
  });

  test('a changed key is one change with the old key, also when two rows swap theirs', async () => {
    await run(`INSERT INTO items (id) VALUES (1), (2)`);
    expect(
      brief(
        await run(
          'UPDATE items SET id = 99 WHERE id = 1',
          'UPDATE items SET id = 1 WHERE id = 2',
          'UPDATE items SET id = 2 WHERE id = 99',
          'DELETE FROM items WHERE id = 2',
        ),
      ),
    ).toEqual([
      ['u', 'items', { id: '1' }, { id: '99', name: 'nobody', body: null, n: '7' }],
      ['u', 'items', { id: '2' }, { id: '1', name: 'nobody', body: null, n: '7' }],
      ['u', 'items', { id: '99' }, { id: '2', name: 'nobody', body: null, n: '7' }],
      ['d', 'items', { id: '2' }, null],
    ]);
  });

  test('tombstones are no changes, and the stream goes on behind them', async () => {
    const transaction = await run('DELETE FROM items', 'DELETE FROM lines WHERE a < 4');
    expect(transaction.events.map(({ op }) => op)).toEqual(['d', 'd', 'd', 'd']);
    const consumer = createKafka(leg.settings.kafka).consumer({ groupId: `${leg.name}-look` });
    let tombstones = 0;
    await consumer.connect();
    await consumer.subscribe({ topic: `${leg.name}.public.lines`, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void (tombstones += message.value === null ? 1 : 0),
    });
    await until('Debezium wrote tombstones', () => tombstones >= 3);
    await consumer.disconnect();
    // consumed to the end of every partition, tombstones included
    await run(`INSERT INTO lines VALUES (100, 'z')`);
    const left = (): Promise<readonly string[]> =>
      leg.transport.unapplied(leg.source, {
        checkpoint: opened.checkpoint,
        tables: leg.tables.filter(({ table }) => table === 'lines'),
        signal: new AbortController().signal,
      });
    while ((await left()).length > 0) {
      opened.stream.probe();
      await opened.messages.next();
    }
  });

  test('NULL in a column with a default stays NULL', async () => {
    expect(
      brief(
        await run(
          'INSERT INTO items (id, name, n) VALUES (10, NULL, NULL), (11, DEFAULT, DEFAULT)',
        ),
      ),
    ).toEqual([
      ['c', 'items', null, { id: '10', name: null, body: null, n: null }],
      ['c', 'items', null, { id: '11', name: 'nobody', body: null, n: '7' }],
    ]);
    expect(brief(await run('UPDATE items SET name = NULL WHERE id = 11'))).toEqual([
      ['u', 'items', null, { id: '11', name: null, body: null, n: '7' }],
    ]);
  });

  test('a deleted row has its key and nothing that looks like a value of the other columns', async () => {
    expect(brief(await run('DELETE FROM items WHERE id = 11'))).toEqual([
      ['d', 'items', { id: '11' }, null],
    ]);
  });

  test('an unchanged large value is absent in every type, and text that equals the usual placeholder is text', async () => {
    const big = `repeat(md5('1'), 200)`;
    const values = `${big}, ${big}, decode(${big}, 'hex'), to_jsonb(${big}), to_json(${big}), ('<a>' || ${big} || '</a>')::xml, array_fill(${big}, ARRAY[3]), array_fill('00000000-0000-0000-0000-000000000001'::uuid, ARRAY[800]), array_fill(5, ARRAY[5000])`;
    const inserted = await run(`INSERT INTO large VALUES (1, ${values}, 1)`);
    expect(Object.values(inserted.events[0]?.after ?? {}).every((value) => value !== null)).toBe(
      true,
    );
    expect(brief(await run('UPDATE large SET n = 2'))).toEqual([
      ['u', 'large', null, { id: '1', n: '2' }],
    ]);
    // arrays are read again at the source, by the key that the row has now
    const { a, u, i } = inserted.events[0]?.after ?? {};
    expect(brief(await run('UPDATE large SET id = 3, n = 3'))).toEqual([
      ['u', 'large', { id: '1' }, { id: '3', n: '3', a, u, i }],
    ]);
    const usual = '__debezium_unavailable_value';
    const text = `'${usual}'`;
    const [event] = (
      await run(
        `INSERT INTO large VALUES (2, ${text}, ${text}, ${text}, '"${usual}"', '"${usual}"', ${text}, ARRAY[${text}], NULL, ARRAY[${Array.from(usual, (char) => char.codePointAt(0)).join()}], 1)`,
      )
    ).events;
    expect(event?.after).toMatchObject({
      t: usual,
      v: usual,
      b: `\\x${Buffer.from(usual).toString('hex')}`,
      j: `"${usual}"`,
      js: `"${usual}"`,
      x: usual,
      a: `{${usual}}`,
      u: null,
    });
    expect(event?.after?.i).toMatch(/^\{95,95,100,/);
  });

  test('with REPLICA IDENTITY FULL an unchanged large value comes from the old row', async () => {
    await run(`INSERT INTO whole VALUES (1, repeat(md5('1'), 200), 1)`);
    const [event] = (await run('UPDATE whole SET n = 2')).events;
    expect(event?.after?.body).toHaveLength(6400);
    expect(event?.before?.body).toBe(event?.after?.body);
  });

  test('64-bit integers keep every digit, as keys and in arrays', async () => {
    const [inserted] = (
      await run(
        'INSERT INTO items (id, name) VALUES (9007199254740993, NULL), (9007199254740992, NULL)',
      )
    ).events;
    expect(inserted?.after?.id).toBe('9007199254740993');
    const deleted = await run(
      'DELETE FROM items WHERE id = 9007199254740993',
      'UPDATE items SET id = -9223372036854775808 WHERE id = 9007199254740992',
    );
    expect(brief(deleted)).toEqual([
      ['d', 'items', { id: '9007199254740993' }, null],
      [
        'u',
        'items',
        { id: '9007199254740992' },
        { id: '-9223372036854775808', name: null, body: null, n: '7' },
      ],
    ]);
  });

  test('transactions come in the order of their commits though the LSNs of their rows are mixed', async () => {
    const other = await connect(db.database.url, { applicationName: 'test' });
    try {
      await db.client.query(`BEGIN; INSERT INTO items (id) VALUES (200)`);
      await other.query(`BEGIN; INSERT INTO items (id) VALUES (201)`);
      await db.client.query(`INSERT INTO lines VALUES (200, 'first began')`);
      await other.query(`INSERT INTO lines VALUES (201, 'first committed'); COMMIT`);
      await db.client.query(`INSERT INTO items (id) VALUES (202); COMMIT`);
    } finally {
      await other.end();
    }
    const transactions = [
      await nextTransaction(opened.messages),
      await nextTransaction(opened.messages),
    ];
    expect(
      transactions.map(({ events }) => events.map(({ after }) => after?.id ?? after?.a)),
    ).toEqual([
      ['201', '201'],
      ['200', '200', '202'],
    ]);
    const lsns = transactions.flatMap(({ events }) => events.map(({ source }) => source.lsn));
    expect(lsns).not.toEqual(lsns.toSorted((a, b) => Number(a - b)));
    expect(transactions[1]!.commitLsn).toBeGreaterThan(transactions[0]!.commitLsn);
  });

  test('rows of a COPY, which share LSNs, keep their order and have positions that never repeat', async () => {
    await db.client.query('BEGIN');
    const stream = db.client.query(copyFrom('COPY items (id) FROM STDIN'));
    stream.end(
      Array.from({ length: 3000 }, (_, n) => `${10_000 + ((n * 7919) % 3000)}\n`).join(''),
    );
    await once(stream, 'finish');
    await db.client.query('COMMIT');
    const { events } = await nextTransaction(opened.messages);
    expect(events.map(({ after }) => Number(after?.id))).toEqual(
      Array.from({ length: 3000 }, (_, n) => 10_000 + ((n * 7919) % 3000)),
    );
    expect(new Set(events.map(({ source }) => source.lsn)).size).toBeLessThan(3000);
    expect(events.map(({ position }) => position.index)).toEqual(
      Array.from({ length: 3000 }, (_, n) => n),
    );
  });

  test('a column that is dropped before its rows were read is left out, one that is added is there', async () => {
    const early = await run(
      `ALTER TABLE lines ADD COLUMN added int`,
      `INSERT INTO lines VALUES (500, 'n', 'note', 4)`,
    );
    expect(brief(early)).toEqual([
      ['c', 'lines', null, { a: '500', b: 'n', note: 'note', added: '4' }],
    ]);
    await run('ALTER TABLE lines DROP COLUMN note', `INSERT INTO lines VALUES (501, 'n', 5)`);
    await opened.stream.close();
    const late = await leg.open();
    const rows = new Map<string, unknown>();
    while (!rows.has('501'))
      for (const {
        after,
        source: { table },
      } of (await nextTransaction(late.messages)).events)
        if (table === 'lines') rows.set(String(after?.a), after);
    expect([rows.get('500'), rows.get('501')]).toEqual([
      { a: '500', b: 'n', added: '4' },
      { a: '501', b: 'n', added: '5' },
    ]);
  });
});
