import { beat } from '../../replica/heartbeats.ts';
import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { assertContinuity, type Received } from './assert-continuity.ts';
import { type Beats, isHeartbeat } from './beats.ts';
import { changeMark } from './change-mark.ts';
import { type CarriedTable, carriedKeys, readColumns } from './carried-columns.ts';
import { type Envelope, type JsonRow, parseEnvelope } from './decode/envelope.ts';
import { createKafka, kafkaFailure } from './kafka-client.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import type { KafkaChange, TopicReader } from './kafka-change.ts';
import type { KafkaStream } from './kafka-stream.ts';
import { newestMember } from './newest-member.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { producerOf } from './producer-of.ts';
import { readAgain } from './read-again.ts';
import type { SourceQueries } from './source-queries.ts';
import { hasColumns, loadShape, type TableShape } from './table-shape.ts';
import { readNewestOffsets } from './topic-offsets.ts';
import { parseTransactionEnd } from './transaction-end.ts';
import { watchReader } from './watch-reader.ts';

export interface ReaderOptions {
  readonly kafka: KafkaSettings;
  readonly context: string;
  readonly direction: Direction;
  readonly streamName: string;
  readonly carried?: readonly CarriedTable[] | undefined;
  readonly source: SourceQueries;
  readonly stream: KafkaStream;
  readonly beats: Beats;
  readonly queues: readonly PartitionQueue<KafkaChange>[];
  readonly endsTopic: string;
  readonly endsOffset: number;
  /** Throws when the slot is gone, a column's type changed, or the connector failed. `quietMs`: how long beats have gone unanswered. */
  readonly assertAlive: (quietMs: number) => Promise<void>;
}

const header = (message: KafkaMessage, name: string): boolean =>
  message.headers?.[name] !== undefined;

/** One kafkajs consumer that fills the queues of a stream. */
export async function startReader(options: ReaderOptions): Promise<TopicReader> {
  const { stream, beats, queues, endsTopic, kafka, source, streamName, context, direction } =
    options;
  const consumer = createKafka(kafka).consumer({
    groupId: streamName,
    partitionAssigners: [newestMember(Date.now())],
    sessionTimeout: 30_000,
    heartbeatInterval: 3000,
    rebalanceTimeout: 10_000,
    // A message is answered at once; this is how long the broker keeps a question to which there is nothing to say.
    maxWaitTimeInMs: 100,
    minBytes: 1,
    maxBytesPerPartition: 2_097_152,
    maxBytes: 16_777_216,
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2000,
      retries: 8,
      restartOnFailure: () => Promise.resolve(false),
    },
  });
  const byPartition = new Map(queues.map((queue) => [queue.name, queue]));
  const shapes = new Map<string, TableShape>();
  const over = new AbortController();
  let endsOffset = options.endsOffset;
  let beatAt = 0;
  let beating = false;
  let committedAt = 0;
  /** When the first beat was made after which nothing has come. */
  let askedAt: number | null = null;

  const knownShape = (table: string, row: JsonRow | null): TableShape | undefined => {
    const known = shapes.get(table);
    return known !== undefined && (row === null || hasColumns(row, known.columns))
      ? known
      : undefined;
  };

  const mapped = { read: readColumns(options.carried), keys: carriedKeys(options.carried) };
  const newShape = async (
    queue: PartitionQueue<KafkaChange>,
    { schema, table }: Envelope,
    row: JsonRow | null,
  ): Promise<TableShape> => {
    const shape = await source.run((client) =>
      loadShape(client, { schema, table }, row === null ? [] : Object.keys(row), mapped),
    );
    if (row !== null) shapes.set(queue.table, shape);
    return shape;
  };

  const takeChanges = async (
    queue: PartitionQueue<KafkaChange>,
    messages: readonly KafkaMessage[],
  ): Promise<void> => {
    const taken: { readonly offset: number; readonly change: KafkaChange | null }[] = [];
    for (const message of messages) {
      const offset = Number(message.offset);
      if (offset < queue.received) continue;
      if (message.value === null) {
        taken.push({ offset, change: null });
        continue;
      }
      const envelope = parseEnvelope(message.value);
      if (isHeartbeat(envelope)) beats.observe(envelope);
      const { xid, totalOrder } = envelope;
      if (envelope.op !== 'r' && (xid === null || totalOrder === null)) {
        throw new StranglerError(
          'CONNECTOR_FAILED',
          `${queue.name}@${offset}: a change without its transaction: the connector runs without provide.transaction.metadata`,
        );
      }
      const row = envelope.after ?? envelope.before;
      const shape = knownShape(queue.table, row) ?? (await newShape(queue, envelope, row));
      // A connector that lost its offsets knows no commit before its first transaction, which ends after its rows.
      const change: KafkaChange = {
        op: envelope.op,
        xid: envelope.op === 'r' ? null : xid,
        order: totalOrder ?? 0,
        mark: changeMark(message.key, envelope.lsn),
        lsn: envelope.lsn,
        producer: producerOf(message),
        previous: envelope.previousCommit ?? envelope.lsn ?? 0,
        offset,
        bytes: message.value.length,
        envelope,
        shape,
        rekey: header(message, '__debezium.newkey')
          ? 'from'
          : header(message, '__debezium.oldkey')
            ? 'to'
            : null,
      };
      taken.push({ offset, change });
    }
    await readAgain(
      source,
      taken.flatMap(({ change }) => change ?? []),
    );
    for (const { offset, change } of taken)
      if (offset < queue.received) continue;
      else if (change === null) queue.pass(offset);
      else stream.add(queue, change);
  };

  const takeEnds = (messages: readonly KafkaMessage[]): void => {
    for (const message of messages) {
      const offset = Number(message.offset);
      if (offset < endsOffset) continue;
      endsOffset = offset + 1;
      const end = parseTransactionEnd(message.value, offset, producerOf(message));
      if (end !== null) stream.addEnd(end);
    }
  };

  const eachBatch = async (delivery: EachBatchPayload): Promise<void> => {
    if (stream.over || !delivery.isRunning() || delivery.isStale()) return;
    const { batch } = delivery;
    askedAt = null;
    try {
      const first = Number(batch.messages[0]?.offset);
      const place = (wanted: number): Received => ({
        topic: batch.topic,
        partition: batch.partition,
        wanted,
      });
      const found = { first, highWatermark: Number(batch.highWatermark) };
      if (batch.topic === endsTopic) {
        await assertContinuity(place(endsOffset), found, kafka, context);
        takeEnds(batch.messages);
      } else {
        const queue = byPartition.get(`${batch.topic}/${batch.partition}`);
        if (queue === undefined)
          throw new StranglerError(
            'POSITION_GAP',
            `${batch.topic} got a partition ${batch.partition} while it was read`,
            { remedy: 'Start the worker again: it reads all partitions then.' },
          );
        await assertContinuity(place(queue.received), found, kafka, context);
        await takeChanges(queue, batch.messages);
      }
      stream.pump();
    } catch (error) {
      // Not thrown: kafkajs would deliver the same batch again and again.
      stream.fail(error);
    }
  };

  consumer.on(consumer.events.CRASH, ({ payload }) =>
    stream.fail(
      kafkaFailure(payload.error, kafka, `Reading the ${direction} stream of ${context} broke off`),
    ),
  );
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const mine = new Set(
      Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    );
    if ([...byPartition.keys(), `${endsTopic}/0`].some((name) => !mine.has(name))) {
      stream.fail(
        new StranglerError(
          'KAFKA_UNREACHABLE',
          `the partitions of ${streamName} were given to another member of its group`,
          {
            remedy:
              'Another worker of this context began later; this one tries again while it holds the lock.',
          },
        ),
      );
      return;
    }
    // Kafka's own idea of where we are is for people's tools; ours is stored with the data.
    for (const queue of queues)
      consumer.seek({
        topic: queue.topic,
        partition: queue.partition,
        offset: String(queue.received),
      });
    consumer.seek({ topic: endsTopic, partition: 0, offset: String(endsOffset) });
    for (const queue of queues)
      if (queue.paused) consumer.pause([{ topic: queue.topic, partitions: [queue.partition] }]);
  });

  try {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set(queues.map(({ topic }) => topic)), endsTopic],
      fromBeginning: true,
    });
    await consumer.run({ autoCommit: false, eachBatch });
  } catch (error) {
    await consumer.disconnect().catch(() => undefined);
    throw kafkaFailure(error, kafka, `Cannot read the ${direction} stream of ${context}`);
  }
  void watchReader(
    options,
    () => (askedAt === null ? 0 : performance.now() - askedAt),
    over.signal,
  ).catch((error: unknown) => stream.fail(error));

  const pauses = (
    queue: PartitionQueue<KafkaChange>,
  ): [{ topic: string; partitions: number[] }] => [
    { topic: queue.topic, partitions: [queue.partition] },
  ];
  return {
    hold: (queue) => consumer.pause(pauses(queue)),
    release: (queue) => consumer.resume(pauses(queue)),
    holdEnds: () => consumer.pause([{ topic: endsTopic }]),
    releaseEnds: () => consumer.resume([{ topic: endsTopic }]),
    newest: (topics) => readNewestOffsets(kafka, topics),
    commit: (offsets) => {
      if (performance.now() - committedAt < 1000 || offsets.size === 0) return;
      committedAt = performance.now();
      const places = [...offsets].map(([name, offset]) => ({
        topic: name.slice(0, name.lastIndexOf('/')),
        partition: Number(name.slice(name.lastIndexOf('/') + 1)),
        offset: String(offset),
      }));
      consumer.commitOffsets(places).catch(() => undefined);
    },
    beat: () => {
      if (beating || performance.now() - beatAt < 100 || over.signal.aborted) return;
      beating = true;
      beatAt = performance.now();
      source
        .run((client) => beat(client, { context, direction, stream: streamName }))
        .then(
          () => {
            askedAt ??= performance.now();
          },
          (error: unknown) => stream.fail(error),
        )
        .finally(() => {
          beating = false;
        });
    },
    close: async () => {
      over.abort();
      // First: the consumer waits for the batch at hand, which may wait for the source.
      await source.close();
      await consumer.disconnect().catch(() => undefined);
    },
  };
}
