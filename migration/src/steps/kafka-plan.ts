import {
  directionFrom,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import { databaseName } from '../database/connect.ts';
import { kafkaTransportSettings } from '../stream/choose-transport.ts';
import { configDifferences, shownConfig } from '../stream/kafka/connector-config.ts';
import { refuseUnsupportedColumns } from '../stream/kafka/decode/refuse-unsupported.ts';
import { withAdmin } from '../stream/kafka/kafka-client.ts';
import { planKafkaStream } from '../stream/kafka/kafka-transport.ts';
import { readStreamNote } from '../stream/kafka/stream-name.ts';
import { readTopics, topicDifferences } from '../stream/kafka/topics.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { lookingClient, streamTables } from './kafka-health.ts';
import type { PlannedAction } from './step.ts';
import type { Toolkit } from './toolkit.ts';

/** What can be known before anything is fenced or copied. @throws StranglerError KAFKA_UNREACHABLE, CONNECT_UNREACHABLE, CONNECTOR_FAILED, TYPE_UNSUPPORTED */
export async function requireKafka(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  const settings = kafkaTransportSettings(definition, kit.env);
  const url = kit.databaseUrl(definition, 'monolith');
  await withAdmin(settings.kafka, 'Cannot reach the brokers', (admin) => admin.describeCluster());
  const connect = lookingClient(settings, kit.signal);
  await connect.version();
  await kit.withDatabase(definition, 'monolith', async (client) => {
    await refuseUnsupportedColumns(client, settings.carried?.forward ?? []);
    const { slot } = replicationNames(definition.context, 'forward', databaseName(url));
    const { config } = await planKafkaStream(
      settings,
      { context: definition.context, direction: 'forward', url, client },
      `${slot}_00000000`,
      streamTables(definition, 'forward'),
    );
    const problems = await connect.validate(`${slot}_00000000`, config);
    if (problems.length > 0)
      throw new StranglerError(
        'CONNECTOR_FAILED',
        `Kafka Connect would refuse the connector of ${definition.context}: ${problems.join('; ')}`,
      );
  });
}

/** For a dry run: what would be made or changed at Kafka and Connect. */
export async function plannedConnector(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<PlannedAction[]> {
  const settings = kafkaTransportSettings(definition, kit.env);
  const direction = directionFrom(row.owner);
  const side = sourceOf(direction);
  const url = kit.databaseUrl(definition, side);
  return kit.withDatabase(definition, side, async (client) => {
    const { slot } = replicationNames(definition.context, direction, databaseName(url));
    const note =
      row.stage === 'monolith' ? null : await readStreamNote(client, definition.context, direction);
    const plan = await planKafkaStream(
      settings,
      { context: definition.context, direction, url, client },
      note?.name ?? `${slot}_<random>`,
      streamTables(definition, direction),
    );
    const running =
      note === null
        ? undefined
        : await lookingClient(settings, kit.signal).config(note.name).catch(unreachable);
    const topics =
      note === null
        ? []
        : await withAdmin(settings.kafka, 'Cannot read the topics', (admin) =>
            readTopics(admin, plan.topics),
          ).catch(() => []);
    if (running && typeof running !== 'string') {
      const lines = [
        ...topicDifferences(plan.topics, topics).map(({ line }) => line),
        ...configDifferences(running, plan.config),
      ];
      return lines.length === 0
        ? [{ action: 'leave the running connector as it is', detail: plan.connector }]
        : [
            {
              action: 'change the running connector',
              detail: [plan.connector, ...lines].join('\n   '),
            },
          ];
    }
    return [
      {
        action: 'make topics',
        detail: plan.topics.map(({ topic, partitions }) => `${topic} (${partitions})`).join(', '),
      },
      {
        action: `register the connector${typeof running === 'string' ? ` (${running})` : ''}`,
        detail: JSON.stringify({ name: plan.connector, config: shownConfig(plan.config) }, null, 2),
      },
    ];
  });
}

const unreachable = (error: unknown): string =>
  isStranglerError(error) ? error.code : String(error);
