import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import { type DomainEvent, type EventSource, restartSubscription } from '../../src/outbox/index.ts';
import {
  connectOutbox,
  disconnectOutbox,
  planOutbox,
} from '../../src/outbox/register-connector.ts';
import { removeTopics } from './remove-topics.ts';
import { openRig, type Rig } from './rig.ts';
import { makeTopics } from '../../src/stream/kafka/make-topics.ts';

describeWithKafka('events through Debezium and Kafka', () => {
  let rig: Rig;
  let shared: { brokers: string; connectUrl: string };
  const service = `shop-${randomBytes(4).toString('hex')}`;
  let source: EventSource & { transport: 'kafka' };
  let connection: Parameters<typeof connectOutbox>[0];
  const order = (from: number, to: number, id = '1') =>
    Array.from({ length: to - from + 1 }, (_, index) => ({ id, n: from + index }));

  beforeAll(async () => {
    shared = await sharedKafka();
    rig = await openRig('outbox_kafka');
    const kafka = { brokers: [shared.brokers], clientId: 'test' };
    source = { transport: 'kafka', service, aggregateTypes: ['order'], kafka };
    connection = { service, url: rig.service.url, connectUrl: shared.connectUrl, kafka };
    await rig.publish(order(1, 5, 'early'));
    expect(await connectOutbox(connection)).toMatchObject({
      newSlot: true,
      newConnector: true,
      eventsSent: 5,
      topics: `${service}.events.\${routedByValue}`,
    });
  });

  afterAll(async () => {
    if (!rig) return;
    await disconnectOutbox(connection);
    await rig[Symbol.asyncDispose]();
    await removeTopics(source.kafka, service);
  });

  test('are the same objects, in the same order for each aggregate, as through the embedded transport', async () => {
    const kafka = rig.subscribe({ consumer: 'by-kafka', source });
    const embedded = rig.subscribe({ consumer: 'by-log', source: { ...rig.embedded, service } });
    // a new consumer gets what the outbox still holds when it starts: the rows that are removed below must find it reading
    await until('streaming', () => embedded.progress.some(({ phase }) => phase === 'streaming'));
    const payloads = [
      { n: 1, nothing: null, empty: [], mixed: [1, 'b', null, { deep: [[]] }], amount: 12.3 },
      { n: 2, text: 'Größe ☃ "quoted" \\ \u0001', big: '9007199254740993', 'key.with dots': true },
      { n: 3 },
      ['n', 4],
      'just text',
      5,
      null,
    ];
    for (const id of ['a', 'b', 'c/d é']) {
      for (const payload of payloads)
        await rig.pool.query(
          `INSERT INTO outbox (aggregatetype, aggregateid, type, payload) VALUES ('order', $1, 'order.odd', $2)`,
          [id, JSON.stringify(payload)],
        );
      await rig.publish(order(10, 40, id));
      await rig.publish(order(41, 45, id), { rollback: true });
    }
    await rig.pool.query(
      `INSERT INTO outbox (aggregatetype, aggregateid, type, payload, traceparent, tracestate, created_at) VALUES ('order', 'traced', 'order.placed', '{"n": 1}', '00-aa-bb-01', 'k=v,l=w', '2026-01-02 03:04:05+00')`,
    );
    await rig.pool.query(
      `INSERT INTO outbox (aggregatetype, aggregateid, type, payload) VALUES ('invoice', '1', 'invoice.sent', '{"n": 1}')`,
    );
    await rig.pool.query(`DELETE FROM outbox WHERE type = 'order.odd'`);
    const total = 5 + 3 * (payloads.length + 31) + 1;
    await until(
      'all through both',
      () => embedded.events.length >= total && kafka.events.length >= total,
    );
    const byAggregate = (events: readonly DomainEvent[]) =>
      Object.fromEntries(
        ['early', 'a', 'b', 'c/d é', 'traced'].map((id) => [
          id,
          events.filter((event) => event.aggregateId === id),
        ]),
      );
    expect(byAggregate(kafka.events)).toEqual(byAggregate(embedded.events));
    expect([kafka.events.length, embedded.events.length]).toEqual([total, total]);
    expect(kafka.events.find(({ aggregateId }) => aggregateId === 'traced')).toMatchObject({
      traceparent: '00-aa-bb-01',
      tracestate: 'k=v,l=w',
      occurredAt: '2026-01-02T03:04:05.000000Z',
      payload: { n: 1 },
    });
    expect(
      kafka.events
        .filter(({ aggregateId }) => aggregateId === 'a')
        .slice(0, payloads.length)
        .map(({ payload }) => payload),
    ).toEqual(payloads);
    await Promise.all([kafka.close(), embedded.close()]);
  });

  test('registering the connector again finds nothing to change, and shows what would be', async () => {
    expect(await connectOutbox(connection)).toMatchObject({
      newSlot: false,
      newConnector: false,
      differences: [],
      eventsSent: 0,
    });
    expect((await planOutbox({ ...connection, partitions: 6 })).differences).toEqual([
      'topic.creation.default.partitions: 3 → 6',
    ]);
  });

  test('the log of a service whose outbox rests is let go', async () => {
    await rig.pool.query('CREATE TABLE unrelated AS SELECT generate_series(1, 1000)');
    const { rows } = await rig.pool.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    await until(
      'confirmed',
      async () =>
        (
          await rig.pool.query(
            `SELECT FROM pg_replication_slots WHERE database = current_database() AND slot_name LIKE '%outbox%' AND confirmed_flush_lsn >= $1::pg_lsn`,
            [rows[0]?.lsn],
          )
        ).rowCount === 1,
    );
  });

  test('several processes of one consumer share the aggregates, and each event is handled once', async () => {
    await rig.targetPool.query('DELETE FROM handled');
    const [first, second] = [
      rig.subscribe({ consumer: 'sharing', source }),
      rig.subscribe({ consumer: 'sharing', source }),
    ];
    for (let n = 101; n <= 400; n += 1) await rig.publish([{ id: `s${n % 17}`, n }]);
    await until('all', async () => (await rig.handled()).filter(({ n }) => n > 100).length === 300);
    await Promise.all([first.close(), second.close()]);
    expect((await rig.handled()).filter(({ times, n }) => n > 100 && times !== 1)).toEqual([]);
  });

  test('a message that no connector wrote stops the consumer and names the place', async () => {
    const topic = `${service}.events.stray`;
    const kafka = new Kafka({ brokers: [shared.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await makeTopics(admin, [{ topic, numPartitions: 1 }]);
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key: '1', value: '{}' }] });
    await producer.disconnect();
    await expect(
      rig.subscribe({ consumer: 'strict', source: { ...source, aggregateTypes: ['stray'] } }).ended,
    ).rejects.toMatchObject({
      code: 'EVENT_FAILED',
      message: expect.stringContaining(`${topic}[0]@0 has no header id`),
    });
  });

  test('a topic that was made anew stops the consumer, though it holds as many messages as were handled', async () => {
    const topic = `${service}.events.renewed`;
    const renewed = { ...source, aggregateTypes: ['renewed'] };
    const kafka = new Kafka({ brokers: [shared.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer();
    const headers = { aggregateType: 'renewed', type: 't', occurredAt: '2026-01-02T03:04:05Z' };
    const send = (from: number, to: number) =>
      producer.send({
        topic,
        messages: order(from, to).map((payload) => ({
          key: '1',
          value: JSON.stringify(payload),
          headers: { ...headers, id: randomUUID() },
        })),
      });
    const make = () => makeTopics(admin, [{ topic, numPartitions: 1 }]);
    const handled = async () =>
      (await rig.handled()).filter(({ n }) => n > 500).map(({ n, times }) => [n, times]);
    await admin.connect();
    await producer.connect();
    await make();
    await send(501, 503);
    const first = rig.subscribe({ consumer: 'renewing', source: renewed });
    await until('three', async () => (await handled()).length === 3);
    await first.close();
    const again = rig.subscribe({ consumer: 'renewing', source: renewed });
    await send(504, 504);
    await until('goes on in the same topic', async () => (await handled()).length === 4);
    await again.close();
    await admin.deleteTopics({ topics: [topic] });
    await until('gone', async () => !(await admin.listTopics()).includes(topic));
    await make();
    await until('sent', () =>
      send(601, 606).then(
        () => true,
        () => false,
      ),
    );
    await expect(
      Promise.race([
        rig.subscribe({ consumer: 'renewing', source: renewed }).ended,
        until('skipped', async () => (await handled()).length > 4),
      ]),
    ).rejects.toMatchObject({
      code: 'POSITION_GAP',
      message: expect.stringContaining('the topic was made anew'),
      remedy: expect.stringContaining('restartSubscription'),
    });
    await restartSubscription({ consumer: 'renewing', target: rig.target.url, source: renewed });
    const last = rig.subscribe({ consumer: 'renewing', source: renewed });
    await until('all of it', async () => (await handled()).length === 10);
    expect(await handled()).toEqual(
      [501, 502, 503, 504, 601, 602, 603, 604, 605, 606].map((n) => [n, 1]),
    );
    await last.close();
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
});
