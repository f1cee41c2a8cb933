import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import { type EventSource, restartSubscription } from '../../src/outbox/index.ts';
import { connectOutbox, type OutboxConnection } from '../../src/outbox/register-connector.ts';
import { cli } from '../support/cli.ts';
import { removeTopics } from './remove-topics.ts';
import { openRig, type Rig } from './rig.ts';

describeWithKafka('the outbox connector', () => {
  let rig: Rig;
  let shared: { brokers: string; connectUrl: string };
  let dir: string;
  let env: Record<string, string>;
  let connection: OutboxConnection;
  let source: EventSource & { transport: 'kafka' };
  const service = `shop-${randomBytes(4).toString('hex')}`;
  const topic = `${service}.events.order`;
  let n = 0;
  const publish = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) await rig.publish([{ id: '1', n: (n += 1) }]);
  };
  const expectAllOnce = async (): Promise<void> => {
    await until('all', async () => (await rig.count()) === n);
    expect((await rig.handled()).map((row) => [row.n, row.times])).toEqual(
      Array.from({ length: n }, (_, index) => [index + 1, 1]),
    );
  };
  const slot = async (): Promise<{ slot_name: string; active_pid: number | null } | undefined> =>
    (
      await rig.pool.query<{ slot_name: string; active_pid: number | null }>(
        `SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = current_database() AND slot_name LIKE '%outbox%'`,
      )
    ).rows[0];
  const withAdmin = async <T>(
    work: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
  ): Promise<T> => {
    const admin = new Kafka({ brokers: [shared.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  };

  beforeAll(async () => {
    shared = await sharedKafka();
    dir = await mkdtemp(join(tmpdir(), 'strangler-outbox-'));
  });

  beforeEach(async () => {
    if (rig) return;
    rig = await openRig('outbox_connector');
    const kafka = { brokers: [shared.brokers], clientId: 'test' };
    source = { transport: 'kafka', service, aggregateTypes: ['order'], kafka };
    connection = { service, url: rig.service.url, connectUrl: shared.connectUrl, kafka };
    await writeFile(
      join(dir, `${service}.json`),
      JSON.stringify({
        context: service,
        data: 'replicated',
        monolith: { url: 'http://127.0.0.1:1', database: rig.target.url },
        service: { url: 'http://127.0.0.1:1', database: rig.service.url },
        routes: [{ name: 'list', method: 'GET', path: '/orders', kind: 'read' }],
        tables: [{ monolith: 'orders', service: [{ table: 'orders', columns: { id: 'id' } }] }],
      }),
    );
    env = {
      STRANGLER_CONTEXTS: dir,
      CONNECT_URL: shared.connectUrl,
      KAFKA_BROKERS: shared.brokers,
    };
  });

  afterAll(async () => {
    if (rig) {
      await cli(['outbox', 'disconnect', service, '--yes'], env);
      await rig[Symbol.asyncDispose]();
      await removeTopics(source.kafka, service);
    }
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  test('is registered and removed from the command line, which shows before what it would do', async () => {
    await publish(3);
    const dry = await cli(['outbox', 'connect', service, '--dry-run'], env);
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^1\. publish the outbox, make a replication slot and send the events that the outbox holds: .*\n2\. register the connector: strangler_shop_/,
      ),
    });
    expect(await slot()).toBeUndefined();
    const made = await cli(['outbox', 'connect', service], env);
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        `runs and writes to ${service}.events.<aggregate type>; 3 events that the outbox held were sent`,
      ),
    });
    const again = await cli(['outbox', 'connect', service, '--json'], env);
    expect(JSON.parse(again.stdout)).toMatchObject({
      state: 'running',
      eventsSent: 0,
      differences: [],
    });
    const removed = await cli(['outbox', 'disconnect', service, '--yes'], env);
    expect(removed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('and its slot are removed'),
    });
    expect(await slot()).toBeUndefined();
    expect((await cli(['outbox', 'disconnect', service, '--yes', '--json'], env)).stdout).toContain(
      '"state":"absent"',
    );
  });

  test('that was removed and comes back sends what was published in between, and nothing counts twice', async () => {
    await publish(4);
    await connectOutbox(connection);
    await publish(4);
    const subscription = rig.subscribe({ source });
    await expectAllOnce();
    await subscription.close();
  });

  test('whose slot is dropped waits instead of making one with a hole before it; status tells, and connecting again mends it', async () => {
    const subscription = rig.subscribe({ source });
    const before = await slot();
    await rig.pool.query('SELECT pg_terminate_backend($1)', [before?.active_pid]);
    await until('dropped', () =>
      rig.pool.query('SELECT pg_drop_replication_slot($1)', [before?.slot_name]).then(
        () => true,
        () =>
          rig.pool
            .query(
              'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
              [before?.slot_name],
            )
            .then(() => false),
      ),
    );
    await publish(3);
    // Connect calls it running while it tries; long enough for some tries
    const tries = performance.now() + 5000;
    await until('some tries', () => performance.now() > tries);
    expect(await slot()).toBeUndefined();
    const status = await cli(['outbox', 'status', service], env);
    expect(status).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /is gone: events do not flow, and some may be missing\nrun: strangler outbox connect shop-/,
      ),
    });
    expect(await connectOutbox(connection)).toMatchObject({ newSlot: true, newConnector: false });
    expect(await cli(['outbox', 'status', service], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`events flow to ${service}.events.<aggregate type>`),
    });
    await publish(2);
    await expectAllOnce();
    await subscription.close();
  });

  test('carries on where the embedded transport was left, and the other way round', async () => {
    for (const transport of ['embedded', 'kafka', 'embedded'] as const) {
      const subscription = rig.subscribe({
        source: transport === 'kafka' ? source : { ...rig.embedded, service },
      });
      await publish(5);
      await expectAllOnce();
      await subscription.close();
      await publish(2);
    }
    const last = rig.subscribe({ source });
    await expectAllOnce();
    await last.close();
  });

  test('may be read again: messages that expired before they were handled stop the consumer', async () => {
    const before = await withAdmin((admin) => admin.fetchTopicOffsets(topic));
    await publish(5);
    await until('in the topic', async () =>
      (await withAdmin((admin) => admin.fetchTopicOffsets(topic))).some(
        ({ partition, high }) =>
          Number(high) >= Number(before.find((one) => one.partition === partition)?.high) + 5,
      ),
    );
    await withAdmin(async (admin) =>
      admin.deleteTopicRecords({
        topic,
        partitions: (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
          partition,
          offset: high,
        })),
      }),
    );
    await expect(rig.subscribe({ source }).ended).rejects.toMatchObject({
      code: 'POSITION_GAP',
      message: expect.stringContaining('messages were removed before they were handled'),
      remedy: expect.stringContaining('restartSubscription'),
    });
    // the outbox still holds them: a new slot sends them again
    await cli(['outbox', 'disconnect', service, '--yes'], env);
    await connectOutbox(connection);
    await restartSubscription({ consumer: 'counter', target: rig.target.url, source });
    const subscription = rig.subscribe({ source });
    await expectAllOnce();
    await subscription.close();
  });
});
