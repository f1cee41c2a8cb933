import {
  type Direction,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
} from '@strangler-toolkit/plan';
import { databaseName } from '../database/connect.ts';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import { kafkaTransportSettings } from '../stream/choose-transport.ts';
import {
  type ConnectClient,
  failureOf,
  isRunning,
  traceReason,
} from '../stream/kafka/connect-client.ts';
import {
  type ConnectorConfig,
  configDifferences,
  essentialSettings,
  shownConfig,
} from '../stream/kafka/connector-config.ts';
import { refuseUnsupportedColumns } from '../stream/kafka/decode/refuse-unsupported.ts';
import { connectDatabase, readsDatabase } from '../stream/kafka/connect-database.ts';
import { newestOffset } from '../stream/kafka/connector-offset.ts';
import { withAdmin } from '../stream/kafka/kafka-client.ts';
import { type KafkaTransportSettings, planKafkaStream } from '../stream/kafka/kafka-transport.ts';
import { readStreamNote } from '../stream/kafka/stream-name.ts';
import { streamOf } from '../stream/kafka/topic-names.ts';
import { readTopics, topicDifferences, type TopicWish } from '../stream/kafka/topics.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import type { Report } from './check.ts';
import { appliedPartitions, lookingClient, streamTables } from './kafka-health.ts';
import { slotHealth, type SlotHealth } from './slot-health.ts';
import type { Toolkit } from './toolkit.ts';

interface Patient {
  readonly kit: Toolkit;
  readonly definition: MigrationDefinition;
  readonly settings: KafkaTransportSettings;
  readonly connect: ConnectClient;
  readonly report: Report;
}

const again = (context: string): string => `Start the worker again: strangler replicate ${context}`;
const anew = (context: string): string =>
  `Changes may be missing: strangler replicate ${context} --restart`;

async function tell(
  report: Report,
  check: string,
  expected: string,
  work: () => Promise<string>,
): Promise<boolean> {
  try {
    report(check, true, expected, await work(), '');
    return true;
  } catch (error) {
    const known = isStranglerError(error);
    report(
      check,
      false,
      expected,
      known
        ? `${error.code}: ${error.message}`
        : error instanceof Error
          ? error.message
          : String(error),
      known ? error.remedy : '',
    );
    return false;
  }
}

/** Kafka, Connect, connector, topics and slot of a context. `streaming`: the direction that should run, if any; `begun`: its initial copy is done. */
export async function checkKafka(
  kit: Toolkit,
  definition: MigrationDefinition,
  { streaming, begun }: { readonly streaming: Direction | null; readonly begun: boolean },
  report: Report,
): Promise<void> {
  const settings = kafkaTransportSettings(definition, kit.env);
  const patient: Patient = {
    kit,
    definition,
    settings,
    connect: lookingClient(settings, kit.signal),
    report,
  };
  const kafka = await tell(report, 'Kafka', 'reachable', () =>
    withAdmin(
      settings.kafka,
      'Cannot reach the brokers',
      async (admin) =>
        `${(await admin.describeCluster()).brokers.length} brokers at ${settings.kafka.brokers.join(', ')}`,
    ),
  );
  const connect = await tell(
    report,
    'Kafka Connect',
    'reachable',
    async () => `version ${await patient.connect.version()} at ${patient.connect.url}`,
  );
  for (const direction of ['forward', 'reverse'] as const) {
    await tell(
      report,
      `${sourceOf(direction)} column types`,
      'carried whole by Debezium',
      async () => {
        await kit.withDatabase(definition, sourceOf(direction), (client) =>
          refuseUnsupportedColumns(client, settings.carried?.[direction] ?? []),
        );
        return 'carried whole by Debezium';
      },
    );
  }
  if (streaming !== null && begun) await checkStream(patient, streaming, { kafka, connect });
  if (kafka && connect) await checkLeftovers(patient, streaming);
}

async function checkStream(
  patient: Patient,
  direction: Direction,
  reachable: { readonly kafka: boolean; readonly connect: boolean },
): Promise<void> {
  const { kit, definition, settings, report } = patient;
  const { context } = definition;
  const side = sourceOf(direction);
  const url = kit.databaseUrl(definition, side);
  const { slot: name } = replicationNames(context, direction, databaseName(url));
  await kit.withDatabase(definition, side, async (client) => {
    const note = await readStreamNote(client, context, direction);
    report(
      'stream',
      note !== null,
      'noted in strangler.heartbeat',
      note?.name ?? 'missing',
      anew(context),
    );
    const slot = await slotHealth(client, name);
    if (slot !== null && slot.walStatus !== 'lost') checkSlot(patient, slot);
    if (note === null) return;
    const plan = await planKafkaStream(
      settings,
      { context, direction, url, client },
      note.name,
      streamTables(definition, direction),
    );
    if (reachable.connect) await checkConnector(patient, note.name, plan.config, slot);
    if (slot !== null)
      report(
        'heartbeat',
        note.beatAgeSeconds < 60,
        'within 60 s',
        `${note.beatAgeSeconds.toFixed(1)} s ago`,
        `The connector does not write to strangler.heartbeat of the ${side}'s database, so log is kept there: see the checks of the connector, and its user's right to update that table.`,
      );
    if (reachable.kafka) await checkTopics(patient, direction, note.name, plan.topics);
  });
}

const megabytes = (count: number): string => `${Math.round(count / 1_048_576)} MB`;

function checkSlot({ report }: Patient, slot: SlotHealth): void {
  report(
    'slot is read',
    slot.active,
    'by the connector',
    slot.active ? 'by the connector' : 'by nobody',
    'See the checks of the connector. When it is RUNNING all the same it cannot reach the database, or the slot is gone: the log of Kafka Connect says which.',
  );
  const short =
    slot.walStatus === 'unreserved' || (slot.safeBytes !== null && slot.safeBytes < slot.keptBytes);
  const limit =
    slot.safeBytes === null
      ? 'no limit is set'
      : `${megabytes(Math.max(0, slot.safeBytes))} until the slot is lost`;
  report(
    'log kept for the slot',
    slot.keptBytes < keptLimit && !short,
    `under ${megabytes(keptLimit)}, and more room than that`,
    `${megabytes(slot.keptBytes)} (${slot.walStatus}), ${limit}`,
    'The connector does not confirm what it reads: see its checks. Before the disk is full, stop it for good with strangler rollback, or let max_slot_wal_keep_size give up the slot.',
  );
}

/** More than a connector that runs leaves unconfirmed. */
const keptLimit = 1_073_741_824;

async function checkConnector(
  { connect, definition, report }: Patient,
  name: string,
  wanted: ConnectorConfig,
  slot: SlotHealth | null,
): Promise<void> {
  const { context } = definition;
  const [running, status] = [await connect.config(name), await connect.status(name)];
  const check = `connector ${name}`;
  if (!running) return report(check, false, 'RUNNING', 'missing', again(context));
  const failure = failureOf(status);
  const states = `${status?.state ?? 'not started'}, task ${status?.tasks.map(({ state }) => state).join(', ') || 'none'}`;
  if (failure !== null)
    report(
      check,
      false,
      'RUNNING',
      `${states}: ${traceReason(failure)}\n${failure.slice(0, 3000)}`,
      `Mend the cause, then restart it: strangler replicate ${context} does, or curl -X POST '${connect.url}/connectors/${name}/restart?includeTasks=true&onlyFailed=true'`,
    );
  else report(check, isRunning(status), 'RUNNING, task RUNNING', states, again(context));
  const shown = [shownConfig(running), shownConfig(wanted)] as const;
  const differing = new Set(
    [...Object.keys(running), ...Object.keys(wanted)].filter(
      (setting) => setting !== 'name' && running[setting] !== wanted[setting],
    ),
  );
  for (const setting of [...differing].filter((one) => one in essentialSettings).toSorted()) {
    report(
      `connector setting ${setting}`,
      false,
      `${shown[1][setting] ?? 'not set'} (${essentialSettings[setting]})`,
      shown[0][setting] ?? 'not set',
      `${again(context)}; it sets it right. What was sent meanwhile may be wrong: strangler verify ${context} compares the rows; if the worker cannot read it, strangler replicate ${context} --restart`,
    );
  }
  const others = configDifferences(
    Object.fromEntries(
      Object.entries(running).filter(([setting]) => !(setting in essentialSettings)),
    ),
    Object.fromEntries(
      Object.entries(wanted).filter(([setting]) => !(setting in essentialSettings)),
    ),
  );
  report(
    'connector settings',
    others.length === 0,
    'those of the context file',
    others.length === 0 ? 'those of the context file' : others.join('; '),
    again(context),
  );
  const offset = newestOffset(await connect.offset(name));
  if (offset === null || slot?.confirmed === null || slot === null) return;
  const confirmed = lsnFromText(slot.confirmed);
  report(
    'slot and offset',
    confirmed <= offset,
    'the slot is not ahead of the connector',
    `slot at ${slot.confirmed}, connector at ${lsnToText(offset)}`,
    anew(context),
  );
}

async function checkTopics(
  { kit, definition, settings, report }: Patient,
  direction: Direction,
  stream: string,
  wanted: readonly TopicWish[],
): Promise<void> {
  const { context } = definition;
  const found = await withAdmin(settings.kafka, 'Cannot read the topics', (admin) =>
    readTopics(admin, wanted),
  );
  const missing = found.filter(({ partitions }) => partitions === 0).map(({ topic }) => topic);
  report(
    'topics',
    missing.length === 0,
    `${wanted.length} topics`,
    missing.length === 0 ? `${wanted.length} topics` : `missing: ${missing.join(', ')}`,
    anew(context),
  );
  const differences = topicDifferences(wanted, found);
  const fixed = differences.filter(({ mendable }) => !mendable);
  report(
    'partitions',
    fixed.length === 0,
    'as the context file says',
    fixed.map(({ line }) => line).join('; ') || 'as the context file says',
    `Their number is fixed when replication begins: set replication.partitions back, or strangler replicate ${context} --restart`,
  );
  const mendable = differences.filter((difference) => difference.mendable);
  report(
    'topic settings',
    mendable.length === 0,
    `nothing compacted, kept ${settings.retentionHours} h`,
    mendable.map(({ line }) => line).join('; ') ||
      `nothing compacted, kept ${settings.retentionHours} h`,
    `${again(context)}; it sets them right.`,
  );
  if (missing.length > 0) return;
  const gone = (await appliedPartitions(kit, definition, direction, settings, stream)).filter(
    ({ oldest, applied }) => oldest > applied,
  );
  report(
    'messages still kept',
    gone.length === 0,
    'all that are not applied',
    gone
      .map(
        ({ topic, partition, applied, oldest }) =>
          `${topic}/${partition}: ${applied} to ${oldest - 1} are gone`,
      )
      .join('; ') || 'all that are not applied',
    `Raise replication.retentionHours. ${anew(context)}`,
  );
}

/** What earlier streams of this context left behind: a connector reads a slot that is not its own, topics fill disks. */
async function checkLeftovers(
  { kit, definition, settings, connect, report }: Patient,
  streaming: Direction | null,
): Promise<void> {
  const connectors = await connect.list();
  const topics = await withAdmin(settings.kafka, 'Cannot list the topics', (admin) =>
    admin.listTopics(),
  );
  for (const direction of ['forward', 'reverse'] as const) {
    const side = sourceOf(direction);
    const { slot } = replicationNames(
      definition.context,
      direction,
      databaseName(kit.databaseUrl(definition, side)),
    );
    const needed =
      streaming === direction
        ? await kit.withDatabase(definition, side, (client) =>
            readStreamNote(client, definition.context, direction),
          )
        : null;
    const url = kit.databaseUrl(definition, side);
    const database = connectDatabase(
      settings.databaseForConnect[direction] ?? url,
      url,
      'replication.databaseForConnect',
    );
    // Of another server whose context and database have the same names: not ours to judge.
    const foreign = new Set<string>();
    for (const name of connectors.filter((connector) => streamOf(slot, connector) === connector)) {
      const config = await connect.config(name);
      if (config && !readsDatabase(config, database)) foreign.add(name);
    }
    const stale = (name: string): boolean => {
      const stream = streamOf(slot, name);
      return stream !== null && stream !== needed?.name && !foreign.has(stream);
    };
    const [oldConnectors, oldTopics] = [connectors.filter(stale), topics.filter(stale)];
    report(
      `${direction} connectors of earlier streams`,
      oldConnectors.length === 0,
      'none',
      oldConnectors.join(', ') || 'none',
      `Delete them: ${oldConnectors.map((name) => `curl -X DELETE ${connect.url}/connectors/${name}`).join('; ')}`,
    );
    report(
      `${direction} topics of earlier streams`,
      oldTopics.length === 0,
      'none',
      oldTopics.join(', ') || 'none',
      `Delete them: ${oldTopics.map((topic) => `kafka-topics.sh --bootstrap-server ${settings.kafka.brokers[0]} --delete --topic '${topic}'`).join('; ')}`,
    );
  }
}
