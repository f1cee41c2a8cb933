import type { Direction } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { Checkpoint } from '../../change-stream.ts';
import type { PartitionHealth } from '../../stream-health.ts';
import type { SourceTable, StreamEnds } from '../../transport.ts';
import { tableTopics, transactionTopic } from '../topic-names.ts';
import { readTopicOffsets } from '../topic-offsets.ts';
import { type KafkaTransportSettings, kafkaOwnTables } from '../transport-settings.ts';

/** Offsets behind what was applied, by `topic/partition`. */
export async function appliedOffsets(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<Checkpoint> {
  const { rows } = await client.query<{ checkpoint: string }>(
    `SELECT checkpoint::text AS checkpoint FROM strangler.streams
     WHERE context = $1 AND direction = $2`,
    [context, direction],
  );
  return JSON.parse(rows[0]?.checkpoint ?? '{}') as Checkpoint;
}

const isOwn = ({ schema, table }: SourceTable): boolean =>
  kafkaOwnTables.some((own) => own.schema === schema && own.table === table);

/** The topics of the mapped tables and of the transactions, with what is kept of them and what was applied. */
export async function appliedPartitions(
  { context, direction, tables, withTarget }: StreamEnds,
  settings: KafkaTransportSettings,
  stream: string,
): Promise<PartitionHealth[]> {
  const applied = await withTarget((client) => appliedOffsets(client, context, direction));
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
