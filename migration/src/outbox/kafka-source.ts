import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs';
import { isStranglerError, StranglerError } from '../errors.ts';
import { eventTopic } from './event-topics.ts';
import { eventOfMessage } from './kafka-event.ts';
import type { EventSource, Session } from './subscription.ts';

type KafkaSource = Extract<EventSource, { transport: 'kafka' }>;

/**
 * Reads the topics that the outbox connector writes. Offsets are committed after the handler's transaction; what is delivered
 * again in between (a rebalance, a crash, a restarted connector) is known by its id.
 */
export async function followTopics(source: KafkaSource, session: Session): Promise<void> {
  const { consumer, inbox, signal, onProgress } = session;
  const topics = source.aggregateTypes.map((type) => eventTopic(source.service, type));
  const kafka = new Kafka({ clientId: `strangler-events-${consumer}`, brokers: [...source.brokers], logLevel: logLevel.NOTHING, retry: { retries: 3 } });
  // A group of its own for each service: members of one group must want the same topics.
  const reader = kafka.consumer({ groupId: `${source.service}.${consumer}`, sessionTimeout: 30_000, maxWaitTimeInMs: 100, retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) } });
  let end: (error?: unknown) => void = () => {};
  let over = false;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => {
      over = true;
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error(String(error)));
    };
  });
  ended.catch(() => undefined);
  const onAbort = (): void => end();
  signal.addEventListener('abort', onAbort, { once: true });
  reader.on(reader.events.CRASH, ({ payload }) => end(payload.error));
  reader.on(reader.events.GROUP_JOIN, () => onProgress({ phase: 'streaming' }));

  const eachBatch = async ({ batch, heartbeat, isRunning, isStale, resolveOffset }: EachBatchPayload): Promise<void> => {
    for (const message of batch.messages) {
      if (over || !isRunning() || isStale()) return;
      try {
        await inbox.deliver(eventOfMessage(`${batch.topic}[${batch.partition}]@${message.offset}`, message));
      } catch (error) {
        // Not thrown: kafkajs would deliver the same batch again at once.
        end(error);
        return;
      }
      resolveOffset(message.offset);
      await heartbeat();
    }
    const last = batch.messages.at(-1);
    if (last) await reader.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: String(BigInt(last.offset) + 1n) }]);
  };

  try {
    await ensureTopics(kafka, topics, source.partitions ?? 3);
    await reader.connect();
    await reader.subscribe({ topics, fromBeginning: true });
    await reader.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
    if (signal.aborted) end();
    await ended;
  } catch (error) {
    throw isKafkaError(error) ? new StranglerError('KAFKA_UNREACHABLE', `${consumer} cannot read ${topics.join(', ')} from ${source.brokers.join(', ')}: ${error.message}`, { cause: error }) : error;
  } finally {
    over = true;
    signal.removeEventListener('abort', onAbort);
    await reader.disconnect().catch(() => undefined);
  }
}

/** A consumer may be there before the first event: a topic that is made later would not be noticed. */
async function ensureTopics(kafka: Kafka, topics: readonly string[], partitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const present = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !present.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: -1 })), waitForLeaders: true });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

const isKafkaError = (error: unknown): error is Error => error instanceof Error && !isStranglerError(error) && error.name.startsWith('KafkaJS');
