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
});
