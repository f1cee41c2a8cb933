import {
  type Direction,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
  targetOf,
} from '@strangler-toolkit/plan';
import { contextTables } from '../cutover/index.ts';
import { databaseName } from '../database/connect.ts';
import { kafkaTransportSettings } from '../stream/choose-transport.ts';
import {
  ConnectClient,
  type ConnectorStatus,
  failureOf,
  traceReason,
} from '../stream/kafka/connect-client.ts';
import { kafkaOwnTables, type KafkaTransportSettings } from '../stream/kafka/kafka-transport.ts';
import { readStreamNote, type StreamNote } from '../stream/kafka/stream-name.ts';
import { tableTopics, transactionTopic } from '../stream/kafka/topic-names.ts';
import { readTopicOffsets } from '../stream/kafka/topic-offsets.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import type { SourceTable } from '../stream/transport.ts';
import { slotHealth, type SlotHealth } from './slot-health.ts';
import type { Toolkit } from './toolkit.ts';

export interface PartitionHealth {
  readonly topic: string;
  readonly partition: number;
  /** Offset behind the last message that was applied. */
  readonly applied: number;
  readonly oldest: number;
  readonly end: number;
}

/** Where a direction's stream stands, place by place. What could not be asked is null, and `problems` says why. */
export interface StreamHealth {
  readonly direction: Direction;
  readonly transport: 'embedded' | 'kafka';
  readonly slot: SlotHealth | null;
  readonly connector: {
    readonly name: string;
    readonly state: string;
    readonly tasks: readonly string[];
    readonly failure: string | null;
    readonly worker: string | null;
  } | null;
  /** Age of the last heartbeat of the source, seconds. */
  readonly beatAgeSeconds: number | null;
  readonly partitions: readonly PartitionHealth[] | null;
  readonly problems: readonly string[];
}

/** What a direction's publication holds. */
export const streamTables = (
  definition: MigrationDefinition,
  direction: Direction,
): SourceTable[] => [...contextTables(definition)[sourceOf(direction)], ...kafkaOwnTables];

/** Short waits: a look must not hang where a worker would be patient. */
export const lookingClient = (
  settings: Pick<KafkaTransportSettings, 'connectUrl'>,
  signal: AbortSignal,
): ConnectClient =>
  new ConnectClient(settings.connectUrl, { signal, timeoutMs: 10_000, busyMs: 5000 });

export async function appliedPartitions(
  kit: Toolkit,
  definition: MigrationDefinition,
  direction: Direction,
  settings: KafkaTransportSettings,
  stream: string,
): Promise<PartitionHealth[]> {
  const checkpoint = await kit.withDatabase(definition, targetOf(direction), async (client) => {
    const { rows } = await client.query<{ checkpoint: string }>(
      'SELECT checkpoint::text AS checkpoint FROM strangler.streams WHERE context = $1 AND direction = $2',
      [definition.context, direction],
    );
    return JSON.parse(rows[0]?.checkpoint ?? '{}') as Record<string, string>;
  });
  const topics = [
    ...tableTopics(stream, contextTables(definition)[sourceOf(direction)]).keys(),
    transactionTopic(stream),
  ];
  return [...(await readTopicOffsets(settings.kafka, topics))].flatMap(([topic, partitions]) =>
    partitions.map(({ partition, low, high }) => ({
      topic,
      partition,
      applied: Number(checkpoint[`${topic}/${partition}`] ?? 0),
      oldest: low,
      end: high,
    })),
  );
}

export async function streamHealth(
  kit: Toolkit,
  definition: MigrationDefinition,
  direction: Direction,
): Promise<StreamHealth> {
  const side = sourceOf(direction);
  const problems: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(
        isStranglerError(error)
          ? `${error.code}: ${error.message}`
          : error instanceof Error
            ? error.message
            : String(error),
      );
      return null;
    }
  };
  const found = await attempt(() =>
    kit.withDatabase(
      definition,
      side,
      async (client): Promise<{ slot: SlotHealth | null; note: StreamNote | null }> => {
        const { slot } = replicationNames(
          definition.context,
          direction,
          databaseName(kit.databaseUrl(definition, side)),
        );
        return {
          slot: await slotHealth(client, slot),
          note: await readStreamNote(client, definition.context, direction),
        };
      },
    ),
  );
  const { slot = null, note = null } = found ?? {};
  const { kind } = kit.transport(definition);
  if (kind === 'embedded' || note === null)
    return {
      direction,
      transport: kind,
      slot,
      connector: null,
      beatAgeSeconds: null,
      partitions: null,
      problems,
    };
  const settings = kafkaTransportSettings(definition, kit.env);
  const status = await attempt(() => lookingClient(settings, kit.signal).status(note.name));
  const partitions = await attempt(() =>
    appliedPartitions(kit, definition, direction, settings, note.name),
  );
  return {
    direction,
    transport: kind,
    slot,
    connector: status === null ? null : connectorHealth(note.name, status),
    beatAgeSeconds: note.beatAgeSeconds,
    partitions,
    problems,
  };
}

function connectorHealth(
  name: string,
  status: ConnectorStatus | undefined,
): NonNullable<StreamHealth['connector']> {
  const failure = failureOf(status);
  return {
    name,
    state: status?.state ?? 'missing',
    tasks: status?.tasks.map(({ state }) => state) ?? [],
    failure: failure === null ? null : traceReason(failure),
    worker: status?.tasks[0]?.worker ?? status?.worker ?? null,
  };
}
