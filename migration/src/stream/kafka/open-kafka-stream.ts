import type pg from 'pg';
import { databaseName } from '../../database/connect.ts';
import { StranglerError } from '../../errors.ts';
import type { Lsn } from '../change-event.ts';
import type { ChangeStream, Checkpoint } from '../change-stream.ts';
import { slotStatus } from '../embedded/slot.ts';
import { type Direction, replicationNames } from '../names.ts';
import type { SourceTable } from '../transport.ts';
import { Beats } from './beats.ts';
import { columnTypesFromText, columnTypesToText, readColumnTypes, refuseRetyped } from './column-types.ts';
import { type KafkaChange, KafkaStream } from './kafka-stream.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { PartitionQueue } from './partition-queue.ts';
import { startReader } from './start-reader.ts';
import { tableTopic, transactionTopic } from './topic-names.ts';
import { readTopicOffsets } from './topic-offsets.ts';

export interface KafkaStreamOptions {
  readonly kafka: KafkaSettings;
  readonly context: string;
  readonly direction: Direction;
  /** Topic prefix and group of this incarnation of the stream. */
  readonly streamName: string;
  /** Everything up to here is applied. */
  readonly from: Lsn;
  readonly checkpoint: Checkpoint;
  readonly tables: readonly SourceTable[];
  /** Connected to the source: types of columns, heartbeats. */
  readonly source: pg.Client;
  readonly sourceUrl: string;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** Bytes that may wait for the consumer before reading stops (default 16 MB). */
  readonly highWaterBytes?: number;
}

/**
 * Reads what Debezium wrote to Kafka as transactions in commit order, from the offsets that were stored with the applied changes.
 * @throws StranglerError KAFKA_UNREACHABLE, SLOT_LOST, POSITION_GAP, and the iterator POSITION_GAP, SCHEMA_CHANGED, DECODE_FAILED, KAFKA_UNREACHABLE
 */
export async function openKafkaStream(options: KafkaStreamOptions): Promise<ChangeStream> {
  const { context, direction, streamName, checkpoint, tables } = options;
  await assertSlotAlive(options);
  const types = await readColumnTypes(options.source, tables);
  if (checkpoint.columnTypes !== undefined) refuseRetyped(context, columnTypesFromText(checkpoint.columnTypes), types);
  const topics = tables.map((table) => ({ table, topic: tableTopic(streamName, table) }));
  const endsTopic = transactionTopic(streamName);
  const offsets = await readTopicOffsets(options.kafka, [...topics.map(({ topic }) => topic), endsTopic]);
  const begin = (topic: string, partition: number, low: number): number => {
    const stored = checkpoint[`${topic}/${partition}`];
    const offset = stored === undefined ? 0 : Number(stored);
    if (low > offset) {
      throw new StranglerError('POSITION_GAP', `${topic}, partition ${partition}: messages ${offset} to ${low - 1} are needed and no longer kept`, {
        details: { topic, partition, wanted: offset, low },
        remedy: `Kafka's retention is shorter than the time that nothing was applied: raise replication.retentionHours, then strangler replicate ${context} --restart.`,
      });
    }
    return offset;
  };
  const queues = topics.flatMap(({ table, topic }) =>
    (offsets.get(topic) ?? []).map(({ partition, low }) => new PartitionQueue<KafkaChange>(topic, partition, `${table.schema}.${table.table}`, begin(topic, partition, low))));
  const ends = (offsets.get(endsTopic) ?? []).map(({ partition, low }) => ({ name: `${endsTopic}/${partition}`, offset: begin(endsTopic, partition, low) }));
  const [end, second] = ends;
  if (end === undefined || second !== undefined) throw new StranglerError('POSITION_GAP', `topic ${endsTopic} has ${ends.length} partitions; the order of transactions is only kept in one`);
  const beats = new Beats({ context, direction, stream: streamName, last: Number(checkpoint.beat ?? 0) });
  const stream = new KafkaStream({
    database: databaseName(options.sourceUrl),
    queues,
    ends: end,
    from: options.from,
    beats,
    columnTypes: columnTypesToText(types),
    highWaterBytes: options.highWaterBytes ?? 16_000_000,
  });
  try {
    stream.start(await startReader({ ...options, stream, beats, queues, endsTopic, endsOffset: end.offset, assertAlive: async () => {
      await assertSlotAlive(options);
      refuseRetyped(context, types, await readColumnTypes(options.source, tables));
    } }));
  } catch (error) {
    await stream.close();
    throw error;
  }
  if (options.signal?.aborted) await stream.close();
  else options.signal?.addEventListener('abort', () => void stream.close(), { once: true });
  return stream;
}

/** A connector makes a slot that is gone anew, and goes on as if nothing were missing. */
async function assertSlotAlive({ source, sourceUrl, context, direction }: KafkaStreamOptions): Promise<void> {
  const { slot } = replicationNames(context, direction, databaseName(sourceUrl));
  const status = await slotStatus(source, slot);
  if (status === null) throw new StranglerError('SLOT_LOST', `Replication slot ${slot} does not exist`, { details: { slot } });
  if (status.lost !== null) throw new StranglerError('SLOT_LOST', `The server gave up replication slot ${slot} (${status.lost}): it removed log that was still needed`, { details: { slot, reason: status.lost } });
}
