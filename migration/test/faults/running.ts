import { describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { caughtUp, startWorker } from '../worker/shop.ts';
import { withConnection } from '../../src/database/connect.ts';
import { openKafkaShop, replicated } from './kafka-shop.ts';
import type { Servers } from './servers.ts';

export function whileItRuns(servers: () => Servers): void {
  describe('while the worker streams', () => {
    // side by side: each of them waits for the worker to notice
    test('a connector that somebody deleted, paused or stopped is put to work again, with a word, and nothing is lost or doubled', async () => {
      const results = await Promise.allSettled(
        (['delete', 'pause', 'stop'] as const).map(async (act) => {
          await using shop = await openKafkaShop(servers());
          await using worker = startWorker(shop);
          await caughtUp(shop, 'forward');
          await shop.insert(10_000);
          await shop.connect[act](await shop.stream());
          await shop.insert(20_000);
          await until(`the worker misses what was told to ${act}`, async () =>
            worker.progress.some(({ code }) => code === 'CONNECTOR_FAILED'),
          );
          await caughtUp(shop, 'forward');
          await shop.expectOnce(200);
        }),
      );
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    }, 240_000);

    test('a topic that somebody deletes ends it with POSITION_GAP', async () => {
      await using shop = await openKafkaShop(servers());
      const worker = startWorker(shop);
      await caughtUp(shop, 'forward');
      await shop.insert(10_000);
      await shop.admin(async (admin) =>
        admin.deleteTopics({ topics: [`${await shop.stream()}.public.products`] }),
      );
      expect(await worker.ended).toBe('POSITION_GAP');
    }, 240_000);

    test('a worker that slept while another took over changes nothing when it wakes', async () => {
      await using shop = await openKafkaShop(servers());
      const sleeper = await shop.startProcess();
      await caughtUp(shop, 'forward');
      await shop.insert(10_000);
      const second = await shop.startProcess();
      try {
        process.kill(sleeper.pid, 'SIGSTOP');
        await shop.insert(20_000);
        // what a firewall does to a connection on which nobody answers
        await withConnection(shop.control.url, { applicationName: 'test' }, (client) =>
          client.query(
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          ),
        );
        await caughtUp(shop, 'forward');
        process.kill(sleeper.pid, 'SIGCONT');
        for (let step = 0; step < 10; step += 1) await shop.insert(30_000 + 100 * step);
        await caughtUp(shop, 'forward');
        await second.kill('SIGKILL');
        await shop.insert(50_000);
        await caughtUp(shop, 'forward');
        expect(sleeper.running).toBe(true);
        await shop.expectOnce(1300);
      } finally {
        await Promise.all([sleeper.kill('SIGKILL'), second.kill('SIGKILL')]);
      }
    }, 300_000);

    test('two workers that start at once: one copies and streams, the other stands by', async () => {
      await using shop = await openKafkaShop(servers());
      await using first = startWorker(shop);
      await using second = startWorker(shop);
      await caughtUp(shop, 'forward');
      await shop.insert(10_000);
      await caughtUp(shop, 'forward');
      expect(
        [first, second].filter(({ progress }) =>
          progress.some(({ phase }) => phase === 'streaming'),
        ),
      ).toHaveLength(1);
      expect(
        [first, second].filter(({ progress }) => progress.some(({ phase }) => phase === 'standby')),
      ).toHaveLength(1);
      await shop.expectOnce(100);
    }, 240_000);

    test.each(['earliest', 'latest'] as const)(
      "what Kafka holds as the group's offsets counts for nothing: killed before it wrote them, or set to the %s by hand",
      async (which) => {
        await using shop = await replicated(await openKafkaShop(servers()));
        {
          await using _worker = startWorker(shop);
          await shop.insert(10_000);
          await caughtUp(shop, 'forward');
        }
        await shop.insert(20_000);
        const stream = await shop.stream();
        await shop.admin(async (admin) => {
          for (const topic of [
            `${stream}.public.products`,
            `${stream}.transaction`,
            `${stream}.strangler.heartbeat`,
          ])
            await admin.resetOffsets({ groupId: stream, topic, earliest: which === 'earliest' });
        });
        await using _worker = startWorker(shop);
        await caughtUp(shop, 'forward');
        await shop.expectOnce(200);
      },
      240_000,
    );
  });
}
