import type pg from 'pg';
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts';
import type { Inbox } from './inbox.ts';

/**
 * Where events come from. Both transports deliver the same events; embedded in the order of all
 * commits, kafka in that of each aggregate.
 */
export type EventSource =
  | {
      readonly transport: 'embedded';
      readonly service: string;
      readonly aggregateTypes: readonly string[];
      /** The service's database. */ readonly url: string;
      /** Default `outbox`. */ readonly table?: string;
    }
  | {
      readonly transport: 'kafka';
      readonly service: string;
      readonly aggregateTypes: readonly string[];
      /** `kafkaSettings(process.env, name)` reads KAFKA_BROKERS and what belongs to it. */
      readonly kafka: KafkaSettings;
      /** For topics that do not exist yet (default 3). */
      readonly partitions?: number;
    };

export type SubscriptionProgress =
  /** Another process of this consumer is at work. */
  | { readonly phase: 'standby' }
  | { readonly phase: 'streaming' }
  /** Tried again after a while. */
  | { readonly phase: 'failed'; readonly code: string; readonly message: string };

/** One connection of a subscription to its source, until the signal or an error. */
export interface Session {
  readonly consumer: string;
  readonly target: pg.Client;
  readonly inbox: Inbox;
  /** As it was asked for. */
  readonly rememberDays: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SubscriptionProgress) => void;
}
