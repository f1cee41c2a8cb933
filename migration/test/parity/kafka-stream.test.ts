import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { createKafka } from '../../src/stream/kafka/kafka-client.ts';
import {
  type KafkaLeg,
  kafkaLeg,
  nextTransaction,
  type Opened,
  testDatabase,
  type Transaction,
} from './kafka-source.ts';

describeWithKafka('changes read from Kafka', () => {
  let db: Awaited<ReturnType<typeof testDatabase>>;
  let leg: KafkaLeg;
  let opened: Opened;

  beforeAll(async () => {
    await sharedKafka();
    db = await testDatabase(
      'kafka_stream',
      `
      CREATE TABLE items (id bigint PRIMARY KEY, name text, body text, price numeric(12,2) DEFAULT 7);
      ALTER TABLE items ALTER body SET STORAGE EXTERNAL;
      CREATE TABLE lines (a int, b text, note text, PRIMARY KEY (a, b));`,
    );
    leg = await kafkaLeg(db.database.url, 'shop', ['items', 'lines']);
    opened = await leg.open();
  });
  afterAll(async () => {
    await leg?.[Symbol.asyncDispose]();
    await db?.[Symbol.asyncDispose]();
  });

  const run = async (sql: string): Promise<Transaction> => {
    await db.client.query(`BEGIN; ${sql}; COMMIT`);
    return nextTransaction(opened.messages);
  };
  const brief = (transaction: Transaction): unknown[] =>
    transaction.events.map(({ op, source: { table }, before, after }) => [
      op,
      table,
      before,
      after,
    ]);

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
  });

  test('a changed key brings the old key and nothing else of the old row', async () => {
    expect(brief(await run(`UPDATE items SET id = 2`))).toEqual([
      ['u', 'items', { id: '1' }, { id: '2', name: null, body: null, price: '7.00' }],
    ]);
  });

  test('truncate of several tables is one event each', async () => {
    await run(`INSERT INTO lines SELECT n, 'x' FROM generate_series(1, 20) n`);
    expect(
      brief(
        await run(
          `INSERT INTO lines VALUES (30, 'x'); TRUNCATE items, lines; INSERT INTO lines VALUES (31, 'x')`,
        ),
      ),
    ).toEqual([
      ['c', 'lines', null, { a: '30', b: 'x', note: null }],
      ['t', 'items', null, null],
      ['t', 'lines', null, null],
      ['c', 'lines', null, { a: '31', b: 'x', note: null }],
    ]);
  });

  test('a change that was announced and is nowhere stops the stream, once the connector was alive for long without sending it', async () => {
    const { commitLsn } = await run(`INSERT INTO items VALUES (900, 'last')`);
    // past the beats that are committed meanwhile
    const lsn = Number(commitLsn) + 100_000_000;
    const producer = createKafka(leg.settings.kafka).producer();
    await producer.connect();
    await producer.send({
      topic: `${leg.name}.transaction`,
      messages: [
        {
          value: JSON.stringify({
            status: 'END',
            id: `999999:${lsn}`,
            event_count: 1,
            data_collections: [{ data_collection: 'public.lines', event_count: 1 }],
          }),
        },
      ],
    });
    await producer.disconnect();
    await expect(nextTransaction(opened.messages)).rejects.toMatchObject({
      code: 'POSITION_GAP',
      message: 'transaction 999999 has 1 changes, and not all of them are in public.lines',
    });
  });
});
