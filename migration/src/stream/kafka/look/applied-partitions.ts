import { type Checkpoint, readStreamRow } from '../../../replica/streams.ts';
import type { PartitionHealth } from '../../stream-health.ts';
import type { SourceTable, StreamEnds } from '../../transport.ts';
import { tableTopics, transactionTopic } from '../topic-names.ts';
import { readTopicOffsets } from '../topic-offsets.ts';
import { type KafkaTransportSettings, kafkaOwnTables } from '../transport-settings.ts';

const isOwn = ({ schema, table }: SourceTable): boolean =>
  kafkaOwnTables.some((own) => own.schema === schema && own.table === table);

/** The topics of the mapped tables and of the transactions, with what is kept of them and what was applied. */
export async function appliedPartitions(
  { context, direction, tables, withTarget }: StreamEnds,
  settings: KafkaTransportSettings,
  stream: string,
): Promise<PartitionHealth[]> {
  const stored = await withTarget((client) => readStreamRow(client, context, direction));
  const applied: Checkpoint = stored?.checkpoint ?? {};
  const topics = [
    ...tableTopics(
      stream,
      tables.filter((table) => !isOwn(table)),
    ).keys(),
    transactionTopic(stream),
  ];
  return [...(await readTopicOffsets(settings.kafka, topics))].flatMap(([topic, partitions]) =>
    partitions.map(({ partition, low, high }) => ({
      topic,
      partition,
      applied: Number(applied[`${topic}/${partition}`] ?? 0),
      oldest: low,
      end: high,
    })),
  );
}
