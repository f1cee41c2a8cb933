import { type Direction, sourceOf } from '@strangler-toolkit/plan';
import { reportAnswer, reportAttempt } from '../../../findings/check.ts';
import type { Transport } from '../../transport.ts';
import { refuseUnsupportedColumns } from '../decode/refuse-unsupported.ts';
import { withAdmin } from '../kafka-client.ts';
import type { KafkaTransportSettings } from '../transport-settings.ts';
import { checkLeftovers } from './check-leftovers.ts';
import { checkStream } from './check-stream.ts';
import { debeziumFinding } from './debezium-version.ts';
import { lookingClient } from './looking-client.ts';
import type { Patient } from './patient.ts';

/** Kafka, Connect, connector, topics and slot of a context. */
export async function checkKafka(
  settings: KafkaTransportSettings,
  ends: Parameters<Transport['check']>[0],
  { streaming, report }: Parameters<Transport['check']>[1],
): Promise<void> {
  const { context, signal } = ends.forward;
  const connect = lookingClient(settings, signal);
  const patient: Patient = { context, settings, ends, connect, report };
  await reportAttempt(report, 'stream through Kafka', 'can be examined', async () => {
    const reachable = await checkServers(patient);
    for (const direction of ['forward', 'reverse'] as const)
      await checkColumnTypes(patient, direction);
    if (reachable.connect) report(debeziumFinding(await connect.plugins()));
    if (streaming?.begun) await checkStream(patient, streaming.direction, reachable);
    if (reachable.kafka && reachable.connect)
      await checkLeftovers(patient, streaming?.direction ?? null);
  });
}

async function checkServers({
  settings,
  connect,
  report,
}: Patient): Promise<{ readonly kafka: boolean; readonly connect: boolean }> {
  const brokers = settings.kafka.brokers.join(', ');
  return {
    kafka: await reportAnswer(report, 'Kafka', 'reachable', () =>
      withAdmin(settings.kafka, 'Cannot reach the brokers', async (admin) => {
        const cluster = await admin.describeCluster();
        return `${cluster.brokers.length} brokers at ${brokers}`;
      }),
    ),
    connect: await reportAnswer(
      report,
      'Kafka Connect',
      'reachable',
      async () => `version ${await connect.version()} at ${connect.url}`,
    ),
  };
}

const checkColumnTypes = ({ settings, ends, report }: Patient, direction: Direction) =>
  reportAttempt(report, `${sourceOf(direction)} column types`, 'carried whole by Debezium', () =>
    ends[direction].withSource(({ client }) =>
      refuseUnsupportedColumns(client, settings.carried?.[direction] ?? []),
    ),
  );
