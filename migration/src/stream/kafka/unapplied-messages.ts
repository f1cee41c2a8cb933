import type { Checkpoint } from '../change-stream.ts';
import type { SourceTable } from '../transport.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { tableTopics } from './topic-names.ts';
import { readTopicOffsets } from './topic-offsets.ts';

/** Partitions with messages behind those that the checkpoint names as applied, a line for each. */
export async function unappliedMessages(kafka: KafkaSettings, stream: string, tables: readonly SourceTable[], checkpoint: Checkpoint): Promise<string[]> {
  const offsets = await readTopicOffsets(kafka, [...tableTopics(stream, tables).keys()]);
  return [...offsets].flatMap(([topic, partitions]) =>
    partitions.flatMap(({ partition, low, high }) => {
      const applied = Number(checkpoint[`${topic}/${partition}`] ?? low);
      return high > applied ? [`${topic}/${partition}: ${applied} applied, ${high} there`] : [];
    }));
}
