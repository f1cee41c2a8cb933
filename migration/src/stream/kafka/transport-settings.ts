import type { Direction } from '@strangler-toolkit/plan';
import { heartbeatTable } from '../../replica/heartbeats.ts';
import { probeTable } from '../../replica/probe.ts';
import { signalTable } from '../../replica/signals.ts';
import type { SourceTable } from '../transport.ts';
import type { CarriedTable } from './carried-columns.ts';
import type { ConnectorConfig } from './connector-config.ts';
import type { KafkaSettings } from './kafka-settings.ts';

export interface KafkaTransportSettings {
  readonly kafka: KafkaSettings;
  readonly connectUrl: string;
  readonly partitions: number;
  readonly retentionHours: number;
  /** Further settings of the connector. */
  readonly connect: ConnectorConfig;
  /** URL under which Connect reaches the source of a direction, where it differs. */
  readonly databaseForConnect: Readonly<Partial<Record<Direction, string>>>;
  /** Columns that identify rows of tables without a primary key, by `schema.table`. */
  readonly keyColumns: Readonly<Record<Direction, ReadonlyMap<string, readonly string[]>>>;
  /** What the mapping reads in each direction: columns that Debezium cannot carry whole are refused. */
  readonly carried?: Readonly<Record<Direction, readonly CarriedTable[]>>;
  /** Longest wait for connector and task to run (default 90 s). */
  readonly startTimeoutMs?: number;
}

/** Tables of the toolkit's own that the publication of a stream through Kafka holds. */
export const kafkaOwnTables: readonly SourceTable[] = [probeTable, heartbeatTable, signalTable];
