import { StranglerError } from '@strangler-toolkit/plan';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { createKafka, kafkaFailure } from '../stream/kafka/kafka-client.ts';
import { readOffsets, storeOffset } from '../replica/event-positions.ts';
import { ensureEventTopics } from './ensure-event-topics.ts';
import { eventTopic } from './event-topics.ts';
import { eventOfMessage } from './kafka-event.ts';
import { daysToRemember } from './remembered.ts';
import type { EventSource, Session } from './subscription.ts';

type KafkaSource = Extract<EventSource, { transport: 'kafka' }>;

/**
 * Reads the topics that the outbox connector writes. Offsets are committed after the handler's transaction; what is delivered
 * again in between (a rebalance, a crash, a restarted connector) is known by its id.
 */
export async function followTopics(source: KafkaSource, session: Session): Promise<void> {
  const { consumer, signal, onProgress } = session;
  const topics = source.aggregateTypes.map((type) => eventTopic(source.service, type));
  const kafka = createKafka(source.kafka);
  // A group of its own for each service: members of one group must want the same topics.
  const reader = kafka.consumer({
    groupId: `${source.service}.${consumer}`,
    sessionTimeout: 10_000,
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 100,
    retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) },
  });
  const over = new AbortController();
  const ended = new Promise<void>((resolve, reject) => {
    over.signal.addEventListener(
      'abort',
      () => (signal.aborted ? resolve() : reject(over.signal.reason)),
      { once: true },
    );
  });
  ended.catch(() => undefined);
  const end = (reason?: unknown): void => over.abort(reason);
  const onAbort = (): void => end();
  signal.addEventListener('abort', onAbort, { once: true });
  // Its own restarts would go on after an error that a person has to look at.
  reader.on(reader.events.CRASH, ({ payload }) => end(payload.error));
  reader.on(reader.events.GROUP_JOIN, () => onProgress({ phase: 'streaming' }));
  try {
    await ensureEventTopics(kafka, topics, source.partitions ?? 3);
    await assertNothingExpired(kafka, topics, source, session);
    await forgetWhatIsGone(kafka, topics, session);
    await reader.connect();
    await reader.subscribe({ topics, fromBeginning: true });
    await reader.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        const next = await deliverBatch(payload, session, over.signal, end);
        if (next === undefined) return;
        const { topic, partition } = payload.batch;
        // For the check at the next start: the group's own offsets are forgotten after some days.
        await storeOffset(
          session.target,
          { consumer, service: source.service },
          `${topic}/${partition}`,
          next,
        ).catch(end);
        await reader.commitOffsets([{ topic, partition, offset: String(next) }]);
      },
    });
    if (signal.aborted) end();
    await ended;
  } catch (error) {
    throw kafkaFailure(error, source.kafka, `${consumer} cannot read ${topics.join(', ')}`);
  } finally {
    end();
    signal.removeEventListener('abort', onAbort);
    await reader.disconnect().catch(() => undefined);
  }
}

/** The offset after what was handled; what is thrown by kafkajs goes back to it. */
async function deliverBatch(
  delivery: EachBatchPayload,
  { inbox }: Session,
  over: AbortSignal,
  end: (reason: unknown) => void,
): Promise<bigint | undefined> {
  // A handler may take longer than the group waits; the next heartbeat below tells when it was too long.
  const alive = setInterval(() => void delivery.heartbeat().catch(() => undefined), 2_000);
  let next: bigint | undefined;
  try {
    for (const message of delivery.batch.messages) {
      if (over.aborted || !delivery.isRunning() || delivery.isStale()) break;
      try {
        await inbox.deliver(
          eventOfMessage(
            `${delivery.batch.topic}[${delivery.batch.partition}]@${message.offset}`,
            message,
          ),
        );
      } catch (error) {
        // Not thrown: kafkajs would deliver the same batch again at once.
        end(error);
        break;
      }
      delivery.resolveOffset(message.offset);
      next = BigInt(message.offset) + 1n;
      await delivery.heartbeat();
    }
    return next;
  } finally {
    clearInterval(alive);
  }
}

/** What a topic keeps may be read again. */
async function forgetWhatIsGone(
  kafka: Kafka,
  topics: readonly string[],
  { consumer, inbox, rememberDays }: Session,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        // ConfigResourceTypes.TOPIC, a name that Node does not find in this CommonJS module
        type: 2,
        name,
        configNames: ['retention.ms', 'cleanup.policy'],
      })),
    });
    const days = resources.map(({ resourceName, configEntries }) => {
      const setting = (name: string): string | undefined =>
        configEntries.find(({ configName }) => configName === name)?.configValue;
      const retention = Number(setting('retention.ms') ?? -1);
      const forEver = retention < 0 || setting('cleanup.policy') === 'compact';
      const milliseconds = forEver ? Infinity : retention;
      return daysToRemember(consumer, rememberDays, {
        place: `topic ${resourceName}`,
        milliseconds,
      });
    });
    await inbox.forget(Math.max(...days));
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** A consumer that was away for longer than the topics keep messages would go on at the first one that is left. */
async function assertNothingExpired(
  kafka: Kafka,
  topics: readonly string[],
  source: KafkaSource,
  { consumer, target }: Session,
): Promise<void> {
  const stored = await readOffsets(target, { consumer, service: source.service });
  if (stored.size === 0) return;
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const next = stored.get(`${topic}/${partition}`);
        if (next === undefined || (BigInt(low) <= next && next <= BigInt(high))) continue;
        throw new StranglerError(
          'POSITION_GAP',
          `${consumer} needs ${topic}, partition ${partition}, from offset ${next}, but it ` +
            `holds ${low} to ${high}: ` +
            `${next < BigInt(low) ? 'messages were removed before they were handled' : 'the topic was made anew'}`,
          {
            details: { topic, partition, wanted: String(next), low, high },
            remedy:
              `Events of ${source.service} may be missing for ${consumer}: call ` +
              `restartSubscription, which reads again all that the topics hold; handled events ` +
              `stay handled.`,
          },
        );
      }
    }
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
