import { codeOf, isStranglerError } from '@strangler-toolkit/plan';
import pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { describeDatabase } from '../database/connect.ts';
import { databaseFailure } from '../database/failures.ts';
import { pause } from '../pause.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { followOutbox } from './embedded-source.ts';
import { type EventHandler, Inbox } from './inbox.ts';
import { followTopics } from './kafka-source.ts';
import type { EventSource, Session, SubscriptionProgress } from './subscription.ts';

export interface SubscribeOptions {
  /** Who listens: every consumer gets every event, and the processes of one consumer share them. */
  readonly consumer: string;
  readonly source: EventSource;
  /** The database in which the handler writes; which events it handled is noted there, too. */
  readonly target: string;
  readonly handler: EventHandler;
  /** How often the handler may fail for one event before the subscription ends (default 5). */
  readonly attempts?: number;
  /**
   * How many days handled events are remembered (default 30, or longer where a topic or an outbox keeps them longer). Less than
   * they are kept is refused: what is read again would be handled again. Infinity: for ever.
   */
  readonly rememberDays?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SubscriptionProgress) => void;
}

export interface Subscription {
  /**
   * Resolves after `close`, and rejects when a person is needed: nothing goes on past an event that cannot be handled.
   * StranglerError EVENT_FAILED, SLOT_LOST, POSITION_GAP, CONFIG_INVALID, DB_PRIVILEGE, …
   */
  readonly ended: Promise<void>;
  /** Lets the event at work finish. */
  close(): Promise<void>;
}

/**
 * Delivers the events of a service to a handler, each once in effect, on either transport. What goes away for a while is waited for.
 *
 * @example
 * ```ts
 * import { kafkaSettings, subscribe } from '@strangler-toolkit/migration/outbox';
 *
 * const subscription = subscribe({
 *   consumer: 'search',
 *   source: {
 *     transport: 'kafka',
 *     service: 'catalog',
 *     aggregateTypes: ['product'],
 *     kafka: kafkaSettings(process.env, 'search'),
 *   },
 *   target: 'postgresql://search@127.0.0.1/search',
 *   handler: async (event, transaction) => {
 *     await transaction.query('INSERT INTO seen (product) VALUES ($1)', [event.aggregateId]);
 *   },
 * });
 * await subscription.ended;
 * ```
 */
export function subscribe(options: SubscribeOptions): Subscription {
  const closing = new AbortController();
  const signal = options.signal
    ? AbortSignal.any([options.signal, closing.signal])
    : closing.signal;
  const ended = run(options, signal);
  // Who closes and does not look at `ended` has still been told by onProgress.
  ended.catch(() => undefined);
  return {
    ended,
    close: async () => {
      closing.abort();
      await ended.catch(() => undefined);
    },
  };
}

async function run(options: SubscribeOptions, signal: AbortSignal): Promise<void> {
  const onProgress = options.onProgress ?? (() => undefined);
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    let target: pg.Client | undefined;
    try {
      target = await openTarget(options);
      const { consumer } = options;
      const inbox = new Inbox({
        client: target,
        consumer,
        handler: options.handler,
        attempts: options.attempts ?? 5,
        signal,
      });
      await follow(options.source, {
        consumer,
        target,
        inbox,
        rememberDays: options.rememberDays,
        signal,
        onProgress,
      });
    } catch (error) {
      if (signal.aborted) return;
      onProgress({
        phase: 'failed',
        code: isStranglerError(error) ? error.code : codeOf(error),
        message: error instanceof Error ? error.message : String(error),
      });
      if (!passes(error)) throw error;
      failures = performance.now() - began > 10_000 ? 0 : failures + 1;
      await pause(Math.min(5000, 100 * 2 ** Math.min(failures, 6)), signal);
    } finally {
      await target?.end().catch(() => undefined);
    }
  }
}

function passes(error: unknown): boolean {
  const kind = classifyFailure(error);
  return (
    kind === 'transient' ||
    kind === 'disk-full' ||
    (isStranglerError(error) && error.code === 'KAFKA_UNREACHABLE')
  );
}

const follow = (source: EventSource, session: Session): Promise<void> =>
  source.transport === 'embedded' ? followOutbox(source, session) : followTopics(source, session);

/** As the handler's own code would open it: with the driver's types. */
async function openTarget({ target, consumer }: SubscribeOptions): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: target,
    application_name: `strangler-events-${consumer}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await installReplicaSchema(client, 'events');
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw databaseFailure(error, `Consumer ${consumer} cannot use ${describeDatabase(target)}`);
  }
}
