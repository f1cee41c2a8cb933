import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { databaseName } from '../../../database/connect.ts';
import type { PlannedAction } from '../../../findings/planned-action.ts';
import { replicationNames } from '../../source/replication-names.ts';
import type { StreamEnds } from '../../transport.ts';
import { configDifferences, type ConnectorConfig, shownConfig } from '../connector-config.ts';
import { refuseUnsupportedColumns } from '../decode/refuse-unsupported.ts';
import { withAdmin } from '../kafka-client.ts';
import { type KafkaPlan, planKafkaStream } from '../plan-stream.ts';
import { readStreamNote } from '../../../replica/heartbeats.ts';
import { readTopics, topicDifferences, type TopicState } from '../topics.ts';
import type { KafkaTransportSettings } from '../transport-settings.ts';
import { lookingClient } from './looking-client.ts';

const slotOf = ({ context, direction, url }: StreamEnds): string =>
  replicationNames(context, direction, databaseName(url)).slot;

/**
 * What can be known before anything is fenced or copied.
 * @throws StranglerError KAFKA_UNREACHABLE, CONNECT_UNREACHABLE, CONNECTOR_FAILED, TYPE_UNSUPPORTED
 */
export async function assertKafkaUsable(
  settings: KafkaTransportSettings,
  ends: StreamEnds,
): Promise<void> {
  const { context, direction, signal, tables } = ends;
  await withAdmin(settings.kafka, 'Cannot reach the brokers', (admin) => admin.describeCluster());
  const connect = lookingClient(settings, signal);
  await connect.version();
  await ends.withSource(async (source) => {
    await refuseUnsupportedColumns(source.client, settings.carried?.[direction] ?? []);
    const connector = `${slotOf(ends)}_00000000`;
    const { config } = await planKafkaStream(settings, source, connector, tables);
    const problems = await connect.validate(connector, config);
    if (problems.length > 0)
      throw new StranglerError(
        'CONNECTOR_FAILED',
        `Kafka Connect would refuse the connector of ${context}: ${problems.join('; ')}`,
      );
  });
}

/** What would be made or changed at Kafka and Connect. */
export const plannedConnector = (
  settings: KafkaTransportSettings,
  ends: StreamEnds,
  { begun }: { readonly begun: boolean },
): Promise<readonly PlannedAction[]> =>
  ends.withSource(async (source) => {
    const { context, direction, signal, tables } = ends;
    const note = begun ? await readStreamNote(source.client, context, direction) : null;
    const stream = note?.name ?? `${slotOf(ends)}_<random>`;
    const plan = await planKafkaStream(settings, source, stream, tables);
    if (note === null) return creation(plan, '');
    const running = await lookingClient(settings, signal).config(note.name).catch(unreachable);
    if (typeof running === 'string') return creation(plan, ` (${running})`);
    if (running === undefined) return creation(plan, '');
    const topics = await withAdmin(settings.kafka, 'Cannot read the topics', (admin) =>
      readTopics(admin, plan.topics),
    ).catch(() => []);
    return [change(plan, running, topics)];
  });

const unreachable = (error: unknown): string =>
  isStranglerError(error) ? error.code : String(error);

const creation = ({ connector, config, topics }: KafkaPlan, doubt: string): PlannedAction[] => [
  {
    action: 'make topics',
    detail: topics.map(({ topic, partitions }) => `${topic} (${partitions})`).join(', '),
  },
  {
    action: `register the connector${doubt}`,
    detail: JSON.stringify({ name: connector, config: shownConfig(config) }, null, 2),
  },
];

function change(
  plan: KafkaPlan,
  running: ConnectorConfig,
  topics: readonly TopicState[],
): PlannedAction {
  const lines = [
    ...topicDifferences(plan.topics, topics).map(({ line }) => line),
    ...configDifferences(running, plan.config),
  ];
  if (lines.length === 0)
    return { action: 'leave the running connector as it is', detail: plan.connector };
  return {
    action: 'change the running connector',
    detail: [plan.connector, ...lines].join('\n   '),
  };
}
