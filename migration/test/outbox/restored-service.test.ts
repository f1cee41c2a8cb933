import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  type PostgresServer,
  sharedKafka,
  startPostgres,
  until,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { type EventSource, restartSubscription } from '../../src/outbox/index.ts';
import { connectOutbox, disconnectOutbox } from '../../src/outbox/register-connector.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { copyServer } from '../support/server-copy.ts';
import { removeTopics } from './remove-topics.ts';
import { openRig } from './rig.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

const order = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ id: '1', n: from + index }));

describe('a service that was restored from a copy of its data folder', () => {
  test.each(['same timeline', 'promoted'] as const)(
    '%s: its consumers stop with a code, and read again what the outbox holds',
    async (how) => {
      await using rig = await openRig(`restored_${how.replace(/\W/g, '')}`, server);
      const first = rig.subscribe();
      await rig.publish(order(1, 10));
      await until('ten', async () => (await rig.count()) === 10);
      await until('a position with its history', async () => {
        const { rows } = await rig.targetPool.query(
          `SELECT FROM strangler.event_positions WHERE history -> 'mark' IS NOT NULL`,
        );
        return rows.length > 0;
      });
      const copy = await copyServer(server);
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(11, 20));
      await until('twenty', async () => (await rig.count()) === 20);
      await until('the newest mark is passed', async () => {
        const { rows: marks } = await rig.pool.query<{ mark: object }>(
          `SELECT jsonb_build_object('line', line, 'number', number) AS mark
             FROM strangler.marks ORDER BY at DESC LIMIT 1`,
        );
        const { rows } = await rig.targetPool.query(
          `SELECT FROM strangler.event_positions WHERE history -> 'mark' = $1::jsonb`,
          [JSON.stringify(marks[0]?.mark)],
        );
        return rows.length > 0;
      });
      await first.close();
      await copy.putBack(how);
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(101, 110));
      await rig.pool.query('SELECT pg_switch_wal()');
      await rig.pool.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 20000000))`);

      const second = rig.subscribe();
      await expect(
        Promise.race([second.ended, until('handled or not', async () => (await rig.count()) > 20)]),
      ).rejects.toMatchObject({
        code: 'HISTORY_CHANGED',
        remedy: expect.stringContaining('restartSubscription'),
      });
      expect(await rig.count()).toBe(20);

      await restartSubscription({
        consumer: 'counter',
        target: rig.target.url,
        source: rig.embedded,
      });
      rig.subscribe();
      await until('what the outbox holds', async () => (await rig.count()) === 30);
    },
  );
});

describeWithKafka('a service that was restored behind a running connector', () => {
  test('breaks the chain of marks: its consumers stop with a code before anything of the other history is handled', async () => {
    const shared = await sharedKafka();
    const service = `shop-${randomBytes(4).toString('hex')}`;
    const kafka = { brokers: [shared.brokers], clientId: 'test' };
    const source: EventSource = { transport: 'kafka', service, aggregateTypes: ['order'], kafka };
    await using rig = await openRig('restored_kafka', server);
    const connection = { service, url: rig.service.url, connectUrl: shared.connectUrl, kafka };
    const { connector } = await connectOutbox(connection);
    /** Whether consumers know the newest mark, or one more is made: by the connector too, every five seconds. */
    const marked = () =>
      until('the newest mark is followed', async () => {
        await rig.pool.query('SELECT strangler.outbox_mark($1, false)', [connector]);
        const { rows } = await rig.pool.query<{ id: string }>(
          'SELECT id FROM strangler.outbox_marks ORDER BY number DESC LIMIT 1',
        );
        return until(
          'it is followed',
          async () =>
            (
              await rig.targetPool.query(
                `SELECT FROM strangler.event_positions WHERE marks -> $1 -> 'recent' ? $2`,
                [connector, rows[0]?.id],
              )
            ).rowCount === 1,
        );
      });
    const marksSent = () =>
      withAdmin(kafka, 'Cannot read offsets', async (admin) =>
        Number((await admin.fetchTopicOffsets(`${service}.events.strangler-marks`))[0]?.high),
      );
    try {
      const first = rig.subscribe({ source });
      await rig.publish(order(1, 10));
      await until('ten', async () => (await rig.count()) === 10);
      await marked();
      const copy = await copyServer(server);
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(11, 20));
      await until('twenty', async () => (await rig.count()) === 20);
      await marked();
      await first.close();
      await copy.putBack('same timeline');
      await until('the server answers', () => rig.pool.query('SELECT 1'));
      await rig.publish(order(101, 110));
      await rig.pool.query('SELECT pg_switch_wal()');
      await rig.pool.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 20000000))`);
      await rig.publish(order(111, 120));
      const before = await marksSent();
      await until(
        'the connector marks the other history',
        async () => (await marksSent()) > before,
      );

      const second = rig.subscribe({ source });
      await expect(
        Promise.race([second.ended, until('handled or not', async () => (await rig.count()) > 20)]),
      ).rejects.toMatchObject({
        code: 'HISTORY_CHANGED',
        remedy: expect.stringContaining(`strangler outbox connect ${service}`),
      });
      expect(await rig.count()).toBe(20);

      await disconnectOutbox(connection);
      await connectOutbox(connection);
      await restartSubscription({ consumer: 'counter', target: rig.target.url, source });
      const last = rig.subscribe({ source });
      await until('what the outbox holds', async () => (await rig.count()) === 40);
      await last.close();
    } finally {
      await disconnectOutbox(connection);
      await removeTopics(kafka, service);
    }
  });
});
