import type { Kafka } from 'kafkajs';
import { makeTopics } from '../stream/kafka/make-topics.ts';

/** Whoever comes first makes a topic: a consumer would not notice one that is made later, and a broker need not make any by itself. */
export async function ensureEventTopics(
  kafka: Kafka,
  topics: readonly string[],
  partitions: number,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const present = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !present.has(topic));
    await makeTopics(
      admin,
      missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: -1 })),
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
