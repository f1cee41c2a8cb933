import { describe, expect, test } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { ensureTopics, type TopicWish } from './topics.ts';

const wish: TopicWish = {
  topic: 's.public.items',
  partitions: 1,
  settings: { 'cleanup.policy': 'delete', 'retention.ms': '1000' },
};

/** A broker that knows one topic, whose settings say where they come from (1: the topic, 5: the broker's default). */
function brokerWith(entries: readonly (readonly [name: string, value: string, source: number])[]) {
  const altered: unknown[] = [];
  const admin = {
    listTopics: async () => [wish.topic],
    fetchTopicMetadata: async () => ({
      topics: [{ name: wish.topic, partitions: [{ partitionId: 0 }] }],
    }),
    describeConfigs: async () => ({
      resources: [
        {
          resourceName: wish.topic,
          configEntries: entries.map(([configName, configValue, configSource]) => ({
            configName,
            configValue,
            configSource,
          })),
        },
      ],
    }),
    alterConfigs: async ({ resources }: { resources: unknown[] }) =>
      void altered.push(...resources),
  };
  return { admin: admin as unknown as Admin, altered };
}

describe('the topics of a stream', () => {
  test('get their settings right without losing what somebody else set for them', async () => {
    const { admin, altered } = brokerWith([
      ['cleanup.policy', 'compact', 1],
      ['min.insync.replicas', '2', 1],
      ['retention.ms', '1000', 1],
      ['segment.bytes', '1073741824', 5],
    ]);
    const told: string[] = [];
    await ensureTopics(admin, [wish], {
      expected: true,
      onDifference: (lines) => told.push(...lines),
    });
    expect(told).toEqual(['topic s.public.items: cleanup.policy compact → delete']);
    expect(altered).toEqual([
      {
        type: 2,
        name: wish.topic,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'min.insync.replicas', value: '2' },
          { name: 'retention.ms', value: '1000' },
        ],
      },
    ]);
  });

  test('are left alone where they are right', async () => {
    const { admin, altered } = brokerWith([
      ['cleanup.policy', 'delete', 1],
      ['retention.ms', '1000', 1],
    ]);
    await ensureTopics(admin, [wish], { expected: true });
    expect(altered).toEqual([]);
  });

  test('that are missing have lost changes, but for those of tables that only come to the stream now', async () => {
    const created: string[] = [];
    const { admin } = brokerWith([]);
    const coming = 's.public.tags';
    Object.assign(admin, {
      createTopics: async ({ topics }: { topics: readonly { topic: string }[] }) =>
        created.push(...topics.map(({ topic }) => topic)),
      fetchTopicMetadata: async ({ topics }: { topics: readonly string[] }) => ({
        topics: topics.map((name) => ({ name, partitions: [{ partitionId: 0, leader: 1 }] })),
      }),
    });
    const wanted = [wish, { ...wish, topic: coming }];
    await expect(ensureTopics(admin, wanted, { expected: true })).rejects.toMatchObject({
      code: 'POSITION_GAP',
      details: { topics: [coming] },
    });
    const lost = { ...wish, topic: 's.public.lost' };
    await expect(
      ensureTopics(admin, [...wanted, lost], { expected: true, coming: new Set([coming]) }),
    ).rejects.toMatchObject({ code: 'POSITION_GAP', details: { topics: [lost.topic] } });
    expect(created).toEqual([]);
    await ensureTopics(admin, wanted, { expected: true, coming: new Set([coming]) });
    expect(created).toEqual([coming]);
  });
});
