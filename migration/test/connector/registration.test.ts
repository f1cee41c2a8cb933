import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { lsnToText } from '../../src/database/lsn.ts';
import { dropSlot, slotStatus } from '../../src/stream/index.ts';
import { failureOf, isRunning } from '../../src/stream/kafka/connect-client.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import { streamOf, tableTopic, transactionTopic } from '../../src/stream/kafka/topic-names.ts';
import { readTopicOffsets } from '../../src/stream/kafka/topic-offsets.ts';
import { openConnectorSource, type ConnectorSource } from './source.ts';
import { makeTopics } from '../../src/stream/kafka/make-topics.ts';

describeWithKafka('a stream through Kafka is set up', () => {
  let at: ConnectorSource;
  const kafka = () => at.transport().settings.kafka;
  const topics = () =>
    withAdmin(kafka(), 'test', async (admin) =>
      (await admin.listTopics()).filter((topic) => streamOf(at.slot, topic) !== null),
    );
  const messages = async (topic: string): Promise<number> =>
    ((await readTopicOffsets(kafka(), [topic])).get(topic) ?? []).reduce(
      (sum, { low, high }) => sum + high - low,
      0,
    );
  const running = async () => isRunning(await at.rest.status(await at.name()));

  beforeAll(async () => {
    at = await openConnectorSource('registration');
    await at.begin();
  });
  afterAll(async () => at?.[Symbol.asyncDispose]());

  test('connector and task run, under a name that no earlier stream had', async () => {
    expect(await at.name()).toMatch(new RegExp(`^${at.slot}_[0-9a-f]{8}$`));
    expect(await running()).toBe(true);
    expect(await slotStatus(at.client, at.slot)).toMatchObject({ active: true, lost: null });
  });

  test('every table has its topic with the partitions that were asked for, the order of transactions has one', async () => {
    const name = await at.name();
    const offsets = await readTopicOffsets(kafka(), [
      ...at.tables.map((table) => tableTopic(name, table)),
      transactionTopic(name),
    ]);
    expect(
      Object.fromEntries(
        [...offsets].map(([topic, partitions]) => [
          topic.slice(name.length + 1),
          partitions.length,
        ]),
      ),
    ).toEqual({
      'public.products': 3,
      'odd.Gr__e___a.b': 3,
      'strangler.probe': 1,
      'strangler.heartbeat': 1,
      'strangler.signal': 1,
      transaction: 1,
    });
  });

  test('a change arrives, of the table with the odd name too, and in the partition of its key', async () => {
    const name = await at.name();
    await at.client.query(
      `INSERT INTO products VALUES (1001, 'a'); INSERT INTO odd."Größe, ""a.b" VALUES ('x', 'one'); UPDATE odd."Größe, ""a.b" SET label = 'two'; DELETE FROM odd."Größe, ""a.b"`,
    );
    const odd = tableTopic(name, { schema: 'odd', table: 'Größe, "a.b' });
    await until(
      'both',
      async () =>
        (await messages(tableTopic(name, { schema: 'public', table: 'products' }))) === 1 &&
        (await messages(odd)) === 4,
    );
    const used = (await readTopicOffsets(kafka(), [odd])).get(odd)?.filter(({ high }) => high > 0);
    expect(used).toHaveLength(1);
  });

  test('doing it again changes nothing', async () => {
    expect(await at.ensure()).toEqual([]);
  });

  test('a running connector that has other settings is told with its differences, and brought up to date', async () => {
    const name = await at.name();
    const config = await at.rest.config(name);
    await at.rest
      .put(name, {
        ...config,
        'skipped.operations': 't',
        'database.password': 'wrong',
        'max.batch.size': '100',
      })
      .catch(() => undefined);
    await at.rest.put(name, { ...config, 'skipped.operations': 't', 'max.batch.size': '100' });
    expect(await at.ensure()).toEqual([
      'max.batch.size: 100 is removed',
      'skipped.operations: t → none',
    ]);
    expect(await at.rest.config(name)).toEqual(config);
    expect(await at.ensure({ connect: { 'max.batch.size': '1000' } })).toEqual([
      'max.batch.size: set to 1000',
    ]);
    expect(await at.ensure()).toEqual(['max.batch.size: 1000 is removed']);
  });

  test('a connector that somebody paused runs again, and it is told', async () => {
    const name = await at.name();
    await at.rest.pause(name);
    await until('paused', async () => (await at.rest.status(name))?.state === 'PAUSED');
    expect(await at.ensure()).toEqual([`connector ${name} is PAUSED: resumed`]);
    expect(await running()).toBe(true);
  });

  test('a task that failed is started again', async () => {
    const name = await at.name();
    await at.client.query(`ALTER PUBLICATION ${at.publication} RENAME TO elsewhere`);
    await at.rest.restart(name);
    await until('failed', async () => failureOf(await at.rest.status(name)) !== null);
    await at.client.query(`ALTER PUBLICATION elsewhere RENAME TO ${at.publication}`);
    expect(await at.ensure()).toEqual([]);
    expect(await running()).toBe(true);
  });

  test('a task that fails again is told with its cause', async () => {
    const name = await at.name();
    await at.client.query(`ALTER PUBLICATION ${at.publication} RENAME TO elsewhere`);
    await at.rest.restart(name);
    await until('failed', async () => failureOf(await at.rest.status(name)) !== null);
    await expect(at.ensure()).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringContaining('Publication'),
      details: { trace: expect.stringContaining('io.debezium') },
    });
    await at.client.query(`ALTER PUBLICATION elsewhere RENAME TO ${at.publication}`);
    expect(await at.ensure()).toEqual([]);
  });

  test('a database that Connect cannot enter is told as such', async () => {
    const role = `connect_${at.slot.slice(-8)}`;
    const { host, pathname } = new URL(at.source.url);
    await at.client.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'first'`);
    const replication = {
      databaseForConnect: { monolith: `postgresql://${role}:first@${host}${pathname}` },
    };
    expect(await at.ensure(replication)).toEqual([
      'database.password: changed',
      `database.user: postgres → ${role}`,
    ]);
    await at.client.query(`ALTER ROLE ${role} PASSWORD 'second'`);
    await at.rest.restart(await at.name());
    await until('not read', async () => !(await slotStatus(at.client, at.slot))?.active);
    await expect(at.ensure(replication)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringMatching(/ failed: .*password authentication failed/),
    });
    await expect(
      at.ensure({ databaseForConnect: { monolith: `postgresql://x:y@127.0.0.1:1${pathname}` } }),
    ).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringMatching(
        /refused PUT .* with 400: .*Connection to 127\.0\.0\.1:1 refused/s,
      ),
    });
    await at.ensure();
    await at.client.query(`DROP ROLE ${role}`);
  });

  test('messages that others write into the log do not disturb it', async () => {
    await at.client.query(
      `SELECT pg_logical_emit_message(true, 'others', 'x'), pg_logical_emit_message(false, 'others', 'y')`,
    );
    const { rows } = await at.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    await until('passed', async () => {
      const status = await slotStatus(at.client, at.slot);
      return (
        status?.confirmed !== null &&
        status?.confirmed !== undefined &&
        lsnToText(status.confirmed) >= (rows[0]?.lsn ?? '')
      );
    });
    expect(await running()).toBe(true);
  });

  test('another number of partitions is refused, because it is fixed', async () => {
    await expect(at.ensure({ partitions: 6 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('has 3 partitions, not 6'),
    });
  });

  test('a topic that throws changes away is set right', async () => {
    const topic = tableTopic(await at.name(), { schema: 'public', table: 'products' });
    await withAdmin(kafka(), 'test', (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: 2,
            name: topic,
            configEntries: [
              { name: 'cleanup.policy', value: 'compact' },
              { name: 'max.message.bytes', value: '67108864' },
            ],
          },
        ],
      }),
    );
    expect(await at.ensure()).toEqual([`topic ${topic}: cleanup.policy compact → delete`]);
    expect(await at.ensure({ retentionHours: 24 })).toHaveLength(6);
    expect(await at.ensure()).toHaveLength(6);
  });

  test('a slot that is gone is not made again by the connector', async () => {
    const name = await at.name();
    await at.rest.stop(name);
    await until('stopped', async () => !(await slotStatus(at.client, at.slot))?.active);
    await dropSlot(at.client, at.slot);
    await expect(at.ensure()).rejects.toMatchObject({ code: 'SLOT_LOST' });
    // somebody else, or Connect itself after a restart
    await at.rest.resume(name);
    await until('tried', async () => isRunning(await at.rest.status(name)));
    // Long enough for some tries.
    const tries = Date.now() + 5000;
    await until('some tries', async () => Date.now() > tries);
    expect(await slotStatus(at.client, at.slot)).toBeNull();
  });

  test('a new stream has a new name, and nothing of the old one is left', async () => {
    const before = await at.name();
    await at.begin();
    const name = await at.name();
    expect(name).not.toBe(before);
    expect((await readStreamNote(at.client, 'goods', 'forward'))?.beat).toBeLessThan(20n);
    expect(await at.rest.config(before)).toBeUndefined();
    await until(
      'the old topics are gone',
      async () => !(await topics()).some((topic) => topic.includes(before)),
    );
    expect(
      (await at.rest.list()).filter((connector) => streamOf(at.slot, connector) !== null),
    ).toEqual([name]);
  });

  test('a connector of the same name on another server is left alone, with its topics', async () => {
    const config = await at.rest.config(await at.name());
    const other = `${at.slot}_0badcafe`;
    await at.rest.put(other, {
      ...config,
      name: other,
      'topic.prefix': other,
      'slot.name': 'of_another_server',
      'database.hostname': 'localhost',
    });
    await withAdmin(kafka(), 'test', (admin) =>
      makeTopics(admin, [{ topic: transactionTopic(other), numPartitions: 1 }]),
    );
    try {
      await at.begin();
      expect(await at.rest.config(other)).toMatchObject({ 'database.hostname': 'localhost' });
      expect(await topics()).toContain(transactionTopic(other));
    } finally {
      await at.rest.delete(other);
      await withAdmin(kafka(), 'test', (admin) =>
        admin.deleteTopics({ topics: [transactionTopic(other)] }),
      );
    }
  });

  test('removed, nothing reads the slot any more and the topics are gone; again is fine', async () => {
    await at.transport().remove(at.source);
    expect((await slotStatus(at.client, at.slot))?.active).toBe(false);
    await dropSlot(at.client, at.slot);
    // The controller has deleted them; a busy broker lists them until it has read of it.
    await until('the topics are gone', async () => (await topics()).length === 0);
    await at.transport().remove(at.source);
    await expect(at.ensure()).rejects.toMatchObject({ code: 'SLOT_LOST' });
  });

  test('Kafka and Connect that are away are told as such, soon', async () => {
    const { settings } = at.transport();
    const { kafkaTransport } = await import('../../src/stream/kafka/kafka-transport.ts');
    const began = performance.now();
    await expect(
      kafkaTransport({ ...settings, connectUrl: 'http://127.0.0.1:1' }).remove(at.source),
    ).rejects.toMatchObject({ code: 'CONNECT_UNREACHABLE' });
    await expect(
      kafkaTransport({
        ...settings,
        kafka: { ...settings.kafka, brokers: ['127.0.0.1:1'] },
      }).remove(at.source),
    ).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
