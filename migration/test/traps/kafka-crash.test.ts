import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConnectServer, sharedKafka, startConnect, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import type { Admin } from 'kafkajs';
import { isStranglerError } from '@strangler-toolkit/plan';
import { from as copyFrom } from 'pg-copy-streams';
import { createKafka, withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { producerOf } from '../../src/stream/kafka/producer-of.ts';
import { kafkaLeg, type KafkaLeg, testDatabase } from '../parity/kafka-source.ts';

/** Own worker, shared broker: it is killed. */
describeWithKafka(
  'Connect killed in the middle',
  () => {
    let db: Awaited<ReturnType<typeof testDatabase>>;
    let connectServer: ConnectServer;
    let leg: KafkaLeg;
    const group = `traps-${process.pid}-${Date.now()}`;

    beforeAll(async () => {
      const { brokers } = await sharedKafka();
      db = await testDatabase(
        'trap_crash',
        'CREATE TABLE items (id int PRIMARY KEY, n int, filler text); CREATE TABLE others (id int PRIMARY KEY, n int)',
      );
      connectServer = await startConnect({
        brokers,
        settings: {
          'group.id': group,
          'config.storage.topic': `${group}-config`,
          'offset.storage.topic': `${group}-offset`,
          'status.storage.topic': `${group}-status`,
        },
      });
      leg = await kafkaLeg(db.database.url, 'trap', ['items', 'others'], {
        connectUrl: connectServer.url,
        // some rows a batch: the COPY lasts for seconds, so that the middle of it can be met
        connect: { 'producer.override.batch.size': '2048' },
      });
    });
    afterAll(async () => {
      await leg?.[Symbol.asyncDispose]();
      await connectServer?.stop();
      await withAdmin(leg.settings.kafka, 'clean up', (admin) =>
        admin.deleteTopics({
          topics: ['config', 'offset', 'status'].map((kind) => `${group}-${kind}`),
        }),
      ).catch(() => undefined);
      await db?.[Symbol.asyncDispose]();
    });

    test('a COPY of 40,000 rows and small transactions around it come once each and in order though Connect was killed twice in between, or the stream says what Debezium left out', async () => {
      const { stream } = await leg.open();
      const rows = 40_000;
      const small = 100;
      const write = async (from: number): Promise<void> => {
        for (let n = 0; n < small; n += 1)
          await db.client.query('INSERT INTO others VALUES ($1, $1)', [from + n]);
      };
      await write(0);
      await db.client.query('BEGIN');
      const copy = db.client.query(copyFrom('COPY items FROM STDIN'));
      for (let n = 1; n <= rows; n += 1)
        if (!copy.write(`${n}\t${n}\t${'x'.repeat(60)}\n`)) await once(copy, 'drain');
      copy.end();
      await once(copy, 'finish');
      await db.client.query('COMMIT');
      await write(small);

      const copied = async (admin: Admin): Promise<number> =>
        (await admin.fetchTopicOffsets(`${leg.name}.public.items`)).reduce(
          (sum, { high }) => sum + Number(high),
          0,
        );
      const killed: number[] = [];
      // one connection for every look: a new one may last as long as Debezium needs for the rest
      const kills = withAdmin(leg.settings.kafka, 'look', async (admin) => {
        for (const share of [0.2, 0.6]) {
          await until(
            'Debezium is in the middle',
            async () => (await copied(admin)) > rows * share,
            { everyMs: 5 },
          );
          await connectServer.crash();
          killed.push(await copied(admin));
          await connectServer.restart();
        }
      });

      const seen = { items: 0, others: 0 };
      const order: string[] = [];
      let stopped: string | undefined;
      try {
        while (seen.others < 2 * small) {
          for (const message of await stream.take()) {
            if (message.kind !== 'changes') continue;
            for (const {
              after,
              source: { table },
            } of message.events) {
              if (table !== 'items' && table !== 'others') continue;
              const expected = table === 'items' ? seen.items + 1 : seen.others;
              if (Number(after?.id) !== expected)
                throw new Error(`${table}: ${after?.id} came instead of ${expected}`);
              seen[table] += 1;
              if (order.at(-1) !== table) order.push(table);
            }
          }
        }
      } catch (error) {
        // started again inside of a record of many rows, Debezium may go on behind it: rows are missing, and their numbers
        if (!isStranglerError(error)) throw error;
        stopped = error.code;
      }
      await kills;
      expect(stopped ?? { ...seen, order }).toEqual(
        stopped === undefined
          ? { items: rows, others: 2 * small, order: ['others', 'items', 'others'] }
          : 'POSITION_GAP',
      );
      expect(killed.some((count) => count < rows)).toBe(true);

      // each start of the connector has a number of its own in Kafka, which is how a record that was cut is noticed
      const starts = new Set<string | undefined>();
      const consumer = createKafka(leg.settings.kafka).consumer({ groupId: `${group}-starts` });
      await consumer.connect();
      await consumer.subscribe({ topic: `${leg.name}.public.items`, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => void starts.add(producerOf(message)),
      });
      await until('what was sent before and after is read', async () => starts.size > 1);
      await consumer.disconnect();
      expect(starts.has(undefined)).toBe(false);
    });
  },
  { ownServers: true },
);
