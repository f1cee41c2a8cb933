import { until } from '../src/index.ts';
import type { Admin } from 'kafkajs';

/** kafkajs' own wait for leaders fails where the broker has not read of the topic yet. */
export async function makeTopicAt(
  admin: Admin,
  topic: string,
  numPartitions: number,
): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false });
  await until(`${topic} has leaders`, () =>
    admin.fetchTopicMetadata({ topics: [topic] }).then(
      ({ topics }) => topics[0]?.partitions.every(({ leader }) => leader >= 0) === true,
      () => false,
    ),
  );
}
