import { type Direction, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { connect, databaseName } from '../../database/connect.ts';
import type { Lsn } from '../change-event.ts';
import type { ChangeStream, Checkpoint } from '../change-stream.ts';
import { refuseSlotMadeAnew } from '../../replica/heartbeats.ts';
import { requireSlot } from '../source/slot.ts';
import { replicationNames } from '../source/replication-names.ts';
import type { SourceTable } from '../transport.ts';
import { cutOff, noLongerKept } from './assert-continuity.ts';
import { Beats } from './beats.ts';
import { type CarriedTable, readColumns } from './carried-columns.ts';
import {
  type ColumnTypes,
  columnTypesFromText,
  columnTypesToText,
  onlyRead,
  readColumnTypes,
  refuseRetyped,
} from './column-types.ts';
import type { KafkaChange } from './kafka-change.ts';
import { KafkaStream } from './kafka-stream.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { PartitionQueue } from './partition-queue.ts';
import { SourceQueries } from './source-queries.ts';
import { startReader } from './start-reader.ts';
import { tableTopic, transactionTopic } from './topic-names.ts';
import { type PartitionOffsets, readTopicOffsets } from './topic-offsets.ts';

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
  /** Of mapped tables only what the mapping reads is looked at: nothing else may stop the stream. */
  readonly carried?: readonly CarriedTable[] | undefined;
  readonly sourceUrl: string;
  /**
   * Throws when the connector has failed, or `quiet`ly is not at work: it would stay so, and the
   * stream would only look idle. Asked every few seconds.
   */
  readonly assertConnector: (quiet: boolean) => Promise<void>;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** Bytes that may wait for the consumer before reading stops (default 16 MB). */
  readonly highWaterBytes?: number;
}

/**
 * Reads what Debezium wrote to Kafka as transactions in commit order, from the offsets that were stored with the applied changes.
 * @throws StranglerError KAFKA_UNREACHABLE, SLOT_LOST, POSITION_GAP, and the iterator
 * POSITION_GAP, SCHEMA_CHANGED, DECODE_FAILED, KAFKA_UNREACHABLE, CONNECTOR_FAILED
 */
export async function openKafkaStream(options: KafkaStreamOptions): Promise<ChangeStream> {
  // Of its own: beats and looks at the catalog come at any time, also while the caller's is in a transaction.
  const client = await connect(options.sourceUrl, {
    applicationName: `strangler-kafka-${options.context}`,
  });
  try {
    return await openWith(new SourceQueries(client), options);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Beats that nobody answers for so long are a reason to look for who should. */
const quietLimitMs = 10_000;

async function openWith(source: SourceQueries, options: KafkaStreamOptions): Promise<ChangeStream> {
  const { context, direction, streamName, checkpoint, tables } = options;
  const { slot } = replicationNames(context, direction, databaseName(options.sourceUrl));
  const look = (): Promise<ColumnTypes> =>
    source.run(async (client) => {
      // A connector makes a slot that is gone anew, and goes on as if nothing were missing.
      await requireSlot(client, slot);
      await refuseSlotMadeAnew(client, { context, direction, stream: streamName, slot });
      return onlyRead(await readColumnTypes(client, tables), readColumns(options.carried));
    });
  const types = await look();
  if (checkpoint.columnTypes !== undefined)
    refuseRetyped(context, columnTypesFromText(checkpoint.columnTypes), types);
  const topics = tables.map((table) => ({ table, topic: tableTopic(streamName, table) }));
  const endsTopic = transactionTopic(streamName);
  const offsets = await readTopicOffsets(options.kafka, [
    ...topics.map(({ topic }) => topic),
    endsTopic,
  ]);
  const begin = (topic: string, { partition, low, high }: PartitionOffsets): number => {
    const stored = checkpoint[`${topic}/${partition}`];
    const place = { topic, partition, wanted: stored === undefined ? 0 : Number(stored) };
    if (low > place.wanted) throw noLongerKept(place, low, context);
    if (high < place.wanted) throw cutOff(place, high, context);
    return place.wanted;
  };
  const queues = topics.flatMap(({ table, topic }) =>
    (offsets.get(topic) ?? []).map(
      (found) =>
        new PartitionQueue<KafkaChange>(
          topic,
          found.partition,
          `${table.schema}.${table.table}`,
          begin(topic, found),
        ),
    ),
  );
  const ends = (offsets.get(endsTopic) ?? []).map((found) => ({
    name: `${endsTopic}/${found.partition}`,
    offset: begin(endsTopic, found),
  }));
  const [end, second] = ends;
  if (end === undefined || second !== undefined)
    throw new StranglerError(
      'POSITION_GAP',
      `topic ${endsTopic} has ${ends.length} partitions; the order of transactions is only kept in one`,
    );
  const beats = new Beats({
    context,
    direction,
    stream: streamName,
    last: Number(checkpoint.beat ?? 0),
  });
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
    stream.start(
      await startReader({
        ...options,
        source,
        stream,
        beats,
        queues,
        endsTopic,
        endsOffset: end.offset,
        assertAlive: async (quietMs) => {
          refuseRetyped(context, types, await look());
          const quiet = quietMs > quietLimitMs;
          await options.assertConnector(quiet).catch((error: unknown) => {
            // What is in Kafka can be read while Connect is away.
            if (quiet || !isStranglerError(error) || error.code !== 'CONNECT_UNREACHABLE')
              throw error;
          });
        },
      }),
    );
  } catch (error) {
    await stream.close();
    throw error;
  }
  if (options.signal?.aborted) await stream.close();
  else options.signal?.addEventListener('abort', () => void stream.close(), { once: true });
  return stream;
}
