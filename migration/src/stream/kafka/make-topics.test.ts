import { expect, test } from '@jest/globals';
import { makeTopics } from './make-topics.ts';

const topics = [{ topic: 's.public.items', numPartitions: 2 }];
const refusal = (type: string, cause?: Error) =>
  Object.assign(new Error(type, cause && { cause }), { type });
const metadata = (leaders: readonly number[]) => ({
  topics: [
    {
      name: 's.public.items',
      partitions: leaders.map((leader, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader,
        replicas: [],
        isr: [],
      })),
    },
  ],
});

/** A broker that gives these answers about the new topic, one after another, the last for ever. */
function brokerThat(...answers: readonly (readonly number[] | Error)[]) {
  const asked: unknown[] = [];
  let next = 0;
  return {
    asked,
    looks: () => next,
    createTopics: async (request: unknown) => asked.push(request) > 0,
    async fetchTopicMetadata() {
      const answer = answers[Math.min(next++, answers.length - 1)];
      if (answer instanceof Error || answer === undefined) throw answer;
      return metadata(answer);
    },
  };
}

test('a broker that has not read of its new topics yet is waited for', async () => {
  const broker = brokerThat(
    refusal('UNKNOWN_TOPIC_OR_PARTITION'),
    Object.assign(new Error('retries', { cause: refusal('LEADER_NOT_AVAILABLE') }), {}),
    [],
    [1, -1],
    [1, 1],
  );
  await makeTopics(broker, topics);
  expect(broker.looks()).toBe(5);
  expect(broker.asked).toEqual([{ topics, waitForLeaders: false, timeout: 25_000 }]);
});

test('any other answer is an error at once', async () => {
  const broker = brokerThat(refusal('TOPIC_AUTHORIZATION_FAILED'));
  await expect(makeTopics(broker, topics)).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
  expect(broker.looks()).toBe(1);
});

test('a topic that gets no leader is told by name', async () => {
  await expect(makeTopics(brokerThat([-1, 0]), topics, 150)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('s.public.items'),
  });
});

test('no topics, no request', async () => {
  const broker = brokerThat([]);
  await makeTopics(broker, []);
  expect([broker.asked, broker.looks()]).toEqual([[], 0]);
});
