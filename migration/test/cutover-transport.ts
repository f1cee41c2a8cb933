import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { chooseTransport } from '../src/stream/choose-transport.ts';
import type { Transport } from '../src/stream/transport.ts';
import { definition } from './cutover-context.ts';

/** Where a test's Kafka is; null: the embedded transport. Goes to other processes as JSON. */
export type KafkaPlace = { readonly brokers: string; readonly connectUrl: string } | null;

export const transportOf = (kafka: KafkaPlace, of: MigrationDefinition = definition): Transport =>
  chooseTransport(
    of,
    kafka === null
      ? {}
      : {
          STRANGLER_TRANSPORT: 'kafka',
          KAFKA_BROKERS: kafka.brokers,
          CONNECT_URL: kafka.connectUrl,
        },
  );
