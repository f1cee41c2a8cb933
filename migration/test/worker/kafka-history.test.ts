import { expect, test } from '@jest/globals';
import {
  type PostgresServer,
  sharedKafka,
  startPostgres,
  until,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import type { Direction, Side } from '@strangler-toolkit/plan';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import { ConnectClient } from '../../src/stream/kafka/connect-client.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { copyServer } from '../support/server-copy.ts';
import { endOf, endsOf, pastPosition, reconnected, targetState } from './restored-source.ts';
import {
  bothSides,
  caughtUp,
  definition,
  flip,
  openShop,
  type Running,
  type Shop,
  startWorker,
} from './shop.ts';

const overKafka = async (): Promise<Transport> => {
  const { brokers, connectUrl } = await sharedKafka();
  return chooseTransport(definition, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });
};

/** A worker streams in that direction; its owner or the other side lies on a server of its own. */
async function streaming(
  direction: Direction,
  servers: { readonly monolith?: PostgresServer; readonly service?: PostgresServer },
): Promise<{ readonly opened: Shop; readonly worker: Running }> {
  const opened = await openShop(servers, await overKafka());
  const worker = startWorker(opened);
  await caughtUp(opened, 'forward');
  if (direction === 'reverse') {
    await flip(opened, 'service');
    await caughtUp(opened, 'reverse');
  }
  return { opened, worker };
}

/** Rows of the owner, by its own names. */
const inserted = (direction: Direction, from: number, to: number): string =>
  direction === 'forward'
    ? `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${to}) n`
    : `WITH made AS (INSERT INTO goods SELECT n, 'new', 'active', NULL, NULL FROM generate_series(${from}, ${to}) n RETURNING good_id)
       INSERT INTO good_prices SELECT good_id, 1, 'EUR' FROM made`;
const changed = (direction: Direction): string =>
  direction === 'forward'
    ? `UPDATE products SET name = 'changed' WHERE id <= 5`
    : `UPDATE goods SET title = 'changed' WHERE good_id <= 5`;

const ways: readonly (readonly [Direction, Side, Side])[] = [
  ['forward', 'monolith', 'service'],
  ['reverse', 'service', 'monolith'],
];

describeWithKafka('a side that was restored behind a running Connect', () => {
  test.each(ways)(
    '%s: the %s that owns stops the worker before anything of the other history is applied',
    async (direction, source, _target) => {
      const server = await startPostgres();
      try {
        const { opened, worker } = await streaming(direction, { [source]: server });
        await using _shop = opened;
        const copy = await copyServer(server);
        let shop = await reconnected(opened, source);
        await caughtUp(shop, direction);
        await shop[source].query(inserted(direction, 1001, 1200));
        await caughtUp(shop, direction);
        await worker.stop();
        const before = await targetState(shop, direction);
        await copy.putBack('same timeline');
        shop = await reconnected(opened, source);
        await shop[source].query(inserted(direction, 2001, 2100));
        await shop[source].query(changed(direction));
        await pastPosition(shop, direction);
        const second = startWorker(shop);
        expect(await endOf(second, shop, direction)).toBe('HISTORY_CHANGED');
        expect(await targetState(shop, direction)).toEqual(before);
        await shop[source].end();
      } finally {
        await server.stop();
      }
    },
  );

  test.each(ways)(
    '%s: where the %s owns, the %s reads what it missed again from Kafka, as long as it is kept there',
    async (direction, _source, target) => {
      const server = await startPostgres();
      try {
        const { opened, worker } = await streaming(direction, { [target]: server });
        await using _shop = opened;
        const copy = await copyServer(server);
        await caughtUp(opened, direction);
        await endsOf(opened, direction).from.query(inserted(direction, 1001, 1200));
        await caughtUp(opened, direction);
        await worker.stop();
        await copy.putBack('same timeline');
        const second = startWorker(opened);
        await caughtUp(opened, direction);
        await second.stop();
        const shop = await reconnected(opened, target);
        const sides = await bothSides(shop);
        expect(sides.service).toBe(sides.monolith);
        await shop[target].end();
      } finally {
        await server.stop();
      }
    },
  );
});

describeWithKafka('a Kafka that lost what it knew of a stream', () => {
  test.each(['forward', 'reverse'] as const)(
    '%s: goes on where Connect has lost its offsets, and stops where topics are gone or were made anew, however long they are again',
    async (direction) => {
      const { opened: shop, worker } = await streaming(direction, {});
      await using _shop = shop;
      const { from } = endsOf(shop, direction);
      await from.query(inserted(direction, 1001, 1050));
      await caughtUp(shop, direction);
      await worker.stop();
      const { brokers, connectUrl } = await sharedKafka();
      const name = (await readStreamNote(from, 'goods', direction))?.name ?? '';
      const connect = new ConnectClient(connectUrl);
      const call = async (path: string, method: string): Promise<void> => {
        const response = await fetch(`${connectUrl}/connectors/${name}${path}`, { method });
        if (!response.ok) throw new Error(await response.text());
      };
      await call('/stop', 'PUT');
      await until('it is stopped', async () => (await connect.status(name))?.state === 'STOPPED');
      await call('/offsets', 'DELETE');
      await from.query(inserted(direction, 1051, 1100));
      const second = startWorker(shop);
      await caughtUp(shop, direction);
      await second.stop();
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);

      const before = await targetState(shop, direction);
      const kafka = { brokers: brokers.split(','), clientId: 'test' };
      const lost = await withAdmin(kafka, 'lose the topics', async (admin) => {
        const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${name}.`));
        const { topics: found } = await admin.fetchTopicMetadata({ topics });
        await admin.deleteTopics({ topics });
        return found.map((topic) => ({ topic: topic.name, partitions: topic.partitions.length }));
      });
      expect(lost.length).toBeGreaterThan(3);
      expect(await endOf(startWorker(shop), shop, direction)).toBe('POSITION_GAP');
      // Made anew, as many brokers do by themselves, they grow past all that was read of the old ones.
      const offsetOf = async (): Promise<number> => {
        const [partition] = await withAdmin(kafka, 'look', (admin) =>
          admin.fetchTopicOffsets(`${name}.transaction`),
        );
        return Number(partition?.high);
      };
      await withAdmin(kafka, 'make them anew', (admin) =>
        admin.createTopics({
          topics: lost.map(({ topic, partitions }) => ({ topic, numPartitions: partitions })),
        }),
      );
      for (let n = 0; n < 150; n += 1)
        await from.query(inserted(direction, 3001 + 5 * n, 3005 + 5 * n));
      await until('they are longer than they were', async () => (await offsetOf()) >= 250);
      const third = startWorker(shop);
      expect(await endOf(third, shop, direction)).toBe('POSITION_GAP');
      expect(await targetState(shop, direction)).toEqual(before);
    },
  );
});
