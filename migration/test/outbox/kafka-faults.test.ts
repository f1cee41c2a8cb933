import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  type ConnectServer,
  type KafkaServer,
  startConnect,
  startKafka,
  startProcess,
  until,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import type { EventSource } from '../../src/outbox/index.ts';
import { connectOutbox, disconnectOutbox } from '../../src/outbox/register-connector.ts';
import { openRig, type Rig } from './rig.ts';

describeWithKafka('an event on Kafka is handled once in effect', () => {
  let rig: Rig;
  let kafka: KafkaServer;
  let connect: ConnectServer;
  let source: EventSource & { transport: 'kafka' };
  let connection: Parameters<typeof connectOutbox>[0];
  const service = `shop-${randomBytes(4).toString('hex')}`;
  const topic = `${service}.events.order`;

  beforeAll(async () => {
    kafka = await startKafka();
    connect = await startConnect({ brokers: kafka.brokers });
    rig = await openRig('outbox_faults');
    const settings = { brokers: [kafka.brokers], clientId: 'test' };
    source = { transport: 'kafka', service, aggregateTypes: ['order'], kafka: settings };
    connection = { service, url: rig.service.url, connectUrl: connect.url, kafka: settings };
    await connectOutbox(connection);
  });

  afterAll(async () => {
    if (connect?.running && rig) await disconnectOutbox(connection);
    await rig?.[Symbol.asyncDispose]();
    await connect?.stop();
    await kafka?.stop();
  });

  const publishAll = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n += 10)
      await rig.publish(
        Array.from({ length: 10 }, (_, index) => ({ id: String((n + index) % 7), n: n + index })),
      );
  };
  const expectOnce = async (from: number, to: number): Promise<void> => {
    await until(
      'all',
      async () =>
        (await rig.handled()).filter(({ n }) => n >= from && n <= to).length === to - from + 1,
    );
    const rows = (await rig.handled()).filter(({ n }) => n >= from && n <= to);
    expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
    for (let id = 0; id < 7; id += 1) {
      const mine = rows.filter((row) => row.id === String(id)).map(({ n }) => n);
      expect(mine).toEqual(mine.toSorted((a, b) => a - b));
    }
  };
  const delivered = async (): Promise<number> => {
    const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  };

  test('when Connect is killed while events flow, and delivers some of them again', async () => {
    const subscription = rig.subscribe({ source });
    await until('streaming', () =>
      subscription.progress.some(({ phase }) => phase === 'streaming'),
    );
    const publishing = publishAll(1, 600);
    await until('some', async () => (await rig.count()) > 50);
    await connect.crash();
    await publishing;
    await connect.restart();
    await expectOnce(1, 600);
    // what was sent and not yet noted down by Connect comes a second time
    const messages = await delivered();
    expect(messages).toBeGreaterThanOrEqual(600);
    await subscription.close();
  });

  test('when all of the topic is delivered again', async () => {
    const before = await delivered();
    const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.resetOffsets({ groupId: `${service}.counter`, topic, earliest: true });
    await admin.disconnect();
    const subscription = rig.subscribe({ source });
    await publishAll(601, 610);
    await expectOnce(1, 610);
    expect(subscription.events).toHaveLength(10);
    await until('all read', async () => (await delivered()) >= before + 10);
    await subscription.close();
  });

  test('when its subscriber is killed in the middle', async () => {
    const start = () =>
      startProcess({
        name: 'subscriber',
        file: new URL('./subscriber-process.ts', import.meta.url).pathname,
        args: [rig.target.url, JSON.stringify(source)],
        ready: 'spawned',
      });
    const publishing = publishAll(611, 1200);
    for (let kills = 0; kills < 2; kills += 1) {
      const subscriber = await start();
      const before = await rig.count();
      await until('some', async () => (await rig.count()) > before + 20 || !subscriber.running);
      expect(subscriber.running).toBe(true);
      await subscriber.kill('SIGKILL');
    }
    await publishing;
    const subscription = rig.subscribe({ source });
    await expectOnce(611, 1200);
    await subscription.close();
  });

  test('when the broker is killed and comes back', async () => {
    const subscription = rig.subscribe({ source });
    const publishing = publishAll(1201, 1500);
    await until('some', async () => (await rig.handled()).some(({ n }) => n > 1220));
    await kafka.crash();
    await publishing;
    await kafka.restart();
    await expectOnce(1201, 1500);
    await subscription.close();
  });
});
