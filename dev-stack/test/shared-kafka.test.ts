import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { sharedKafka, type SharedKafka } from '../src/index.ts';
import { makeTopicAt } from './make-topic.ts';

describeWithKafka('the Kafka of a test run', () => {
  let shared: SharedKafka;
  let kafka: Kafka;
  let admin: Admin;
  const topic = `shared-${process.pid}-${Date.now()}`;

  beforeAll(async () => {
    shared = await sharedKafka();
    kafka = new Kafka({
      clientId: 'shared',
      brokers: shared.brokers.split(','),
      logLevel: logLevel.NOTHING,
    });
    admin = kafka.admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.deleteTopics({ topics: [topic] });
    await admin?.disconnect();
  });

  test('whoever asks gets the same broker and worker', async () => {
    expect(await sharedKafka()).toEqual(shared);
  });

  test('the worker has the connector of Debezium for PostgreSQL', async () => {
    const plugins = (await (await fetch(`${shared.connectUrl}/connector-plugins`)).json()) as {
      class: string;
    }[];
    expect(plugins.map((plugin) => plugin.class)).toContain(
      'io.debezium.connector.postgresql.PostgresConnector',
    );
  });

  test('what is sent to a topic is read from it', async () => {
    await makeTopicAt(admin, topic, 3);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic,
      messages: ['a', 'b', 'c', 'd'].map((key) => ({ key, value: `value of ${key}` })),
    });
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: topic });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const read = new Map<string, string>();
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          async eachMessage({ message }) {
            read.set(String(message.key), String(message.value));
            if (read.size === 4) resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    expect(Object.fromEntries(read)).toEqual({
      a: 'value of a',
      b: 'value of b',
      c: 'value of c',
      d: 'value of d',
    });
  });
});
