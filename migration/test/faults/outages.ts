import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { dropSlot } from '../../src/stream/index.ts';
import { caughtUp, startWorker } from '../worker/shop.ts';
import { type KafkaShop, openKafkaShop, replicated, settled, toldCode } from './kafka-shop.ts';
import type { Servers } from './servers.ts';
import { makeTopics } from '../../src/stream/kafka/make-topics.ts';

/** Damage that is done while nobody looks, one shop for each. */
const damage = {
  'the slot is dropped': async (shop: KafkaShop) => {
    await shop.insert(10_000);
    await dropSlot(shop.monolith, shop.slot);
    await shop.insert(20_000);
  },
  'the server gives the slot up': async (shop: KafkaShop) => {
    await shop.insert(10_000);
    await shop.monolith.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`);
    await shop.monolith.query('SELECT pg_reload_conf()');
    for (let segment = 0; segment < 4; segment += 1)
      await shop.monolith.query(
        "SELECT pg_logical_emit_message(false, 'test', repeat('x', 100)), pg_switch_wal()",
      );
    await shop.monolith.query('CHECKPOINT');
    const { rows } = await shop.monolith.query(
      'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
      [shop.slot],
    );
    expect(rows).toEqual([{ wal_status: 'lost' }]);
    await shop.monolith.query('ALTER SYSTEM RESET max_slot_wal_keep_size');
    await shop.monolith.query('SELECT pg_reload_conf()');
  },
  'a topic is deleted': async (shop: KafkaShop) =>
    shop.admin(async (admin) =>
      admin.deleteTopics({ topics: [`${await shop.stream()}.public.products`] }),
    ),
  'the transaction topic is deleted and made anew': async (shop: KafkaShop) => {
    const topic = `${await shop.stream()}.transaction`;
    await shop.admin(async (admin) => {
      await admin.deleteTopics({ topics: [topic] });
      await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
      await makeTopics(admin, [{ topic, numPartitions: 1, replicationFactor: 1 }]);
    });
  },
  'retention removes what nobody has read': async (shop: KafkaShop) => {
    const topic = `${await shop.stream()}.public.products`;
    await shop.admin(async (admin) => {
      // deleteTopicRecords of kafkajs knows only topics that were asked about before
      const partitions = await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({
        topic,
        partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
      });
    });
  },
} satisfies Record<string, (shop: KafkaShop) => Promise<unknown>>;
type Damage = keyof typeof damage;
const ends: Record<Damage, string> = {
  'the slot is dropped': 'SLOT_LOST',
  'the server gives the slot up': 'SLOT_LOST',
  'a topic is deleted': 'POSITION_GAP',
  'the transaction topic is deleted and made anew': 'POSITION_GAP',
  'retention removes what nobody has read': 'POSITION_GAP',
};
const kinds = Object.keys(damage) as Damage[];

export function outages(servers: () => Servers): void {
  describe('while the worker and Connect are down', () => {
    const shops = new Map<Damage | 'offsets', KafkaShop>();
    const shopOf = (kind: Damage | 'offsets'): KafkaShop => shops.get(kind) as KafkaShop;

    beforeAll(async () => {
      for (const kind of [...kinds, 'offsets'] as const)
        shops.set(
          kind,
          await openKafkaShop(servers(), { mirrored: kind === 'the server gives the slot up' }),
        );
      await Promise.all(
        [...shops.values()].map(async (shop) => {
          await replicated(shop);
          // waits in Kafka while no worker reads
          for (let step = 0; step < 5; step += 1) await shop.insert(30_000 + step * 100);
          await settled(shop);
        }),
      );
      await servers().connect.crash();
      for (const kind of kinds) await damage[kind](shopOf(kind));
      await shopOf('offsets').insert(40_000);
      await shopOf('offsets').admin((admin) =>
        admin.deleteTopics({ topics: ['strangler-connect-offsets'] }),
      );
    }, 300_000);
    afterAll(async () => {
      if (!servers().connect.running) await servers().connect.restart();
      await Promise.all([...shops.values()].map((shop) => shop[Symbol.asyncDispose]()));
    }, 120_000);

    test('a worker that is started says that Connect is away, and waits for it; Connect without its offsets goes on at the slot', async () => {
      const shop = shopOf('offsets');
      await using worker = startWorker(shop);
      await until('it says so', async () => (await toldCode(shop)) === 'CONNECT_UNREACHABLE');
      expect(await Promise.race([worker.ended, Promise.resolve('waits')])).toBe('waits');
      await servers().connect.restart();
      await caughtUp(shop, 'forward');
      await shop.expectOnce(600);
    }, 240_000);

    test.each(kinds)(
      '%s: the worker ends with a code that says so, and applies nothing behind the hole',
      async (kind) => {
        const shop = shopOf(kind);
        expect(await startWorker(shop).ended).toBe(ends[kind]);
        expect(await toldCode(shop)).toBe(ends[kind]);
        expect(
          (
            await shop.service.query(
              'SELECT FROM goods WHERE good_id BETWEEN 10000 AND 29999 OR good_id >= 40000',
            )
          ).rowCount,
        ).toBe(0);
        // and the slot that is gone was not made anew by anybody
        if (kind === 'the slot is dropped')
          expect(
            (
              await shop.monolith.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [
                shop.slot,
              ])
            ).rowCount,
          ).toBe(0);
      },
      180_000,
    );
  });
}
