import { withAdmin } from './kafka-client.ts';
import type { KafkaSettings } from './kafka-settings.ts';

export interface PartitionOffsets {
  readonly partition: number;
  /** First message that is still kept. */
  readonly low: number;
  /** One past the newest message. */
  readonly high: number;
}

/** @throws StranglerError KAFKA_UNREACHABLE, also for a topic that does not exist */
export async function readTopicOffsets(
  kafka: KafkaSettings,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly PartitionOffsets[]>> {
  return withAdmin(kafka, `Cannot read the offsets of ${topics.length} topics`, async (admin) => {
    const read = async (topic: string): Promise<[string, PartitionOffsets[]]> => {
      const partitions = await admin.fetchTopicOffsets(topic);
      return [
        topic,
        partitions
          .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
          .toSorted((a, b) => a.partition - b.partition),
      ];
    };
    return new Map(await Promise.all(topics.map(read)));
  });
}

/** Offsets behind the newest message of each partition, by `topic/partition`. @throws StranglerError KAFKA_UNREACHABLE */
export async function readNewestOffsets(
  kafka: KafkaSettings,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const offsets = await readTopicOffsets(kafka, topics);
  return new Map(
    [...offsets].flatMap(([topic, partitions]) =>
      partitions.map(({ partition, high }) => [`${topic}/${partition}`, high] as const),
    ),
  );
}
