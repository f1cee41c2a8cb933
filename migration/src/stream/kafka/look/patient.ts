import type { Direction } from '@strangler-toolkit/plan';
import type { Report } from '../../../findings/check.ts';
import type { StreamEnds } from '../../transport.ts';
import type { ConnectClient } from '../connect-client.ts';
import type { KafkaTransportSettings } from '../transport-settings.ts';

/** What every check of a stream through Kafka needs. */
export interface Patient {
  readonly context: string;
  readonly settings: KafkaTransportSettings;
  readonly ends: Readonly<Record<Direction, StreamEnds>>;
  readonly connect: ConnectClient;
  readonly report: Report;
}

export const again = (context: string): string =>
  `Start the worker again: strangler replicate ${context}`;
export const anew = (context: string): string =>
  `Changes may be missing: strangler replicate ${context} --restart`;
