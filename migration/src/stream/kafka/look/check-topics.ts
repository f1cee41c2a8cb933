import type { Direction } from '@strangler-toolkit/plan';
import { withAdmin } from '../kafka-client.ts';
import { readTopics, topicDifferences, type TopicWish } from '../topics.ts';
import { appliedPartitions } from './applied-partitions.ts';
import { again, anew, type Patient } from './patient.ts';

export async function checkTopics(
  { context, ends, settings, report }: Patient,
  direction: Direction,
  stream: string,
  wanted: readonly TopicWish[],
): Promise<void> {
  const found = await withAdmin(settings.kafka, 'Cannot read the topics', (admin) =>
    readTopics(admin, wanted),
  );
  const missing = found.filter(({ partitions }) => partitions === 0).map(({ topic }) => topic);
  report({
    check: 'topics',
    ok: missing.length === 0,
    expected: `${wanted.length} topics`,
    actual: missing.length === 0 ? `${wanted.length} topics` : `missing: ${missing.join(', ')}`,
    remedy: anew(context),
  });
  const differences = topicDifferences(wanted, found);
  const fixed = differences.filter(({ mendable }) => !mendable);
  report({
    check: 'partitions',
    ok: fixed.length === 0,
    expected: 'as the context file says',
    actual: fixed.map(({ line }) => line).join('; ') || 'as the context file says',
    remedy: `Their number is fixed when replication begins: set replication.partitions back, or strangler replicate ${context} --restart`,
  });
  const mendable = differences.filter((difference) => difference.mendable);
  report({
    check: 'topic settings',
    ok: mendable.length === 0,
    expected: `nothing compacted, kept ${settings.retentionHours} h`,
    actual:
      mendable.map(({ line }) => line).join('; ') ||
      `nothing compacted, kept ${settings.retentionHours} h`,
    remedy: `${again(context)}; it sets them right.`,
  });
  if (missing.length > 0) return;
  const gone = (await appliedPartitions(ends[direction], settings, stream)).filter(
    ({ oldest, applied }) => oldest > applied,
  );
  report({
    check: 'messages still kept',
    ok: gone.length === 0,
    expected: 'all that are not applied',
    actual:
      gone
        .map(
          ({ topic, partition, applied, oldest }) =>
            `${topic}/${partition}: ${applied} to ${oldest - 1} are gone`,
        )
        .join('; ') || 'all that are not applied',
    remedy: `Raise replication.retentionHours. ${anew(context)}`,
  });
}
