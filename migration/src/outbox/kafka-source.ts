import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { createKafka, kafkaFailure, withAdmin } from '../stream/kafka/kafka-client.ts';
import { readMarks, storeOffset } from '../replica/event-positions.ts';
import { ensureEventTopics } from './ensure-event-topics.ts';
import { eventTopic, marksTopic } from './event-topics.ts';
import { eventOfMessage } from './kafka-event.ts';
import { KnownPlaces } from './known-places.ts';
import { followMarks } from './read-marks.ts';
import { daysToRemember } from './remembered.ts';
import type { EventSource, Session } from './subscription.ts';

type KafkaSource = Extract<EventSource, { transport: 'kafka' }>;

/** A group of its own for each service: members of one group must want the same topics. */
export const consumerGroup = (
  consumer: string,
  { service }: Pick<KafkaSource, 'service'>,
): string => `${service}.${consumer}`;

/**
 * Reads the topics that the outbox connector writes. Offsets are committed after the handler's transaction; what is delivered
 * again in between (a rebalance, a crash, a restarted connector) is known by its id.
 */
export async function followTopics(source: KafkaSource, session: Session): Promise<void> {
  const { consumer, signal, target } = session;
  const { service } = source;
  const events = source.aggregateTypes.map((type) => eventTopic(service, type));
  const marks = marksTopic(service);
  const topics = [...events, marks];
  const kafka = createKafka(source.kafka);
  const groupId = consumerGroup(consumer, source);
  const reader = kafka.consumer({
    groupId,
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
  try {
    await ensureEventTopics(kafka, events, source.partitions ?? 3);
    await ensureEventTopics(kafka, [marks], 1);
    const places = await KnownPlaces.read(target, { consumer, service });
    const { from, marked } = await withAdmin(
      source.kafka,
      `${consumer} cannot look at ${topics.join(', ')}`,
      async (admin) => ({
        from: await places.resume(admin, groupId, topics),
        marked: BigInt((await admin.fetchTopicOffsets(marks))[0]?.high ?? 0),
      }),
    );
    await forgetWhatIsGone(kafka, events, session);
    const fresh = Object.keys(await readMarks(target, { consumer, service })).length === 0;
    const delivery = {
      service,
      session,
      places,
      marksBefore: fresh ? Number(marked) : 0,
      over: over.signal,
      end,
    };
    const first = new FirstLook(reader, { events, marks, marked, from });
    reader.on(reader.events.GROUP_JOIN, (joined) => {
      first.begin(joined);
      session.onProgress({ phase: 'streaming' });
    });
    await reader.connect();
    await reader.subscribe({ topics, fromBeginning: true });
    await reader.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        const { topic, partition } = payload.batch;
        const place = `${topic}/${partition}`;
        const reached =
          topic === marks
            ? await deliverMarks(payload, delivery)
            : await deliverBatch(payload, delivery);
        if (reached === undefined) return;
        // For the check at the next start: the group's own offsets are forgotten after some days.
        await storeOffset(target, { consumer, service }, place, reached).catch(end);
        places.set(place, reached);
        await reader.commitOffsets([{ topic, partition, offset: String(reached.next) }]);
        if (topic === marks) first.reached(reached.next);
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

/** Before the first event is handled, marks that wait are followed, and the event that was handled last is seen again. */
class FirstLook {
  readonly #reader: Consumer;
  readonly #events: { topic: string }[];
  readonly #marks: string;
  readonly #marked: bigint;
  readonly #from: readonly { topic: string; partition: number; offset: string }[];
  #begun = false;
  #followed: boolean;

  constructor(
    reader: Consumer,
    options: {
      readonly events: readonly string[];
      readonly marks: string;
      /** The end of the marks when the look began. */
      readonly marked: bigint;
      readonly from: readonly { topic: string; partition: number; offset: string }[];
    },
  ) {
    this.#reader = reader;
    this.#events = options.events.map((topic) => ({ topic }));
    this.#marks = options.marks;
    this.#marked = options.marked;
    this.#from = options.from;
    this.#followed = options.marked === 0n;
  }

  begin({ payload }: ConsumerGroupJoinEvent): void {
    const mine = payload.memberAssignment;
    // Partitions that come later were looked at by whoever had them before.
    if (!this.#begun)
      for (const place of this.#from)
        if (mine[place.topic]?.includes(place.partition)) this.#reader.seek(place);
    this.#begun = true;
    if (mine[this.#marks]?.includes(0) && !this.#followed) this.#reader.pause(this.#events);
    else this.#reader.resume(this.#events);
  }

  reached(next: bigint): void {
    if (this.#followed || next < this.#marked) return;
    this.#followed = true;
    this.#reader.resume(this.#events);
  }
}

interface Reached {
  readonly next: bigint;
  /** The event before `next`. */
  readonly handled: string;
}

interface Delivery {
  readonly service: string;
  readonly session: Session;
  readonly places: KnownPlaces;
  /** Marks that lay in the topic when this consumer began with it. */
  readonly marksBefore: number;
  readonly over: AbortSignal;
  readonly end: (reason: unknown) => void;
}

async function deliverMarks(
  payload: EachBatchPayload,
  { service, session, places, marksBefore, end }: Delivery,
): Promise<Reached | undefined> {
  if (payload.isStale()) return undefined;
  const { batch } = payload;
  try {
    for (const message of batch.messages)
      places.refuseAnother(`${batch.topic}/${batch.partition}`, message);
    return await followMarks(batch, service, session, marksBefore);
  } catch (error) {
    // Not thrown: kafkajs would deliver the same batch again at once.
    end(error);
    return undefined;
  }
}

/** How far it came; what is thrown by kafkajs goes back to it. */
async function deliverBatch(
  payload: EachBatchPayload,
  { session: { inbox }, places, over, end }: Delivery,
): Promise<Reached | undefined> {
  const { topic, partition, messages } = payload.batch;
  // A handler may take longer than the group waits; the next heartbeat below tells when it was too long.
  const alive = setInterval(() => void payload.heartbeat().catch(() => undefined), 2_000);
  let reached: Reached | undefined;
  try {
    for (const message of messages) {
      if (over.aborted || !payload.isRunning() || payload.isStale()) break;
      const next = BigInt(message.offset) + 1n;
      try {
        places.refuseAnother(`${topic}/${partition}`, message);
        const event = eventOfMessage(`${topic}[${partition}]@${message.offset}`, message);
        await inbox.deliver(event);
        reached = { next, handled: event.id };
      } catch (error) {
        // Not thrown: kafkajs would deliver the same batch again at once.
        end(error);
        break;
      }
      payload.resolveOffset(message.offset);
      await payload.heartbeat();
    }
    return reached;
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
