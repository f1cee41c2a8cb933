import { type Direction, sourceOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseName } from '../../database/connect.ts';
import { databaseFailure } from '../../database/failures.ts';
import { installSupportSchema } from '../../database/support-schema.ts';
import { pause } from '../../pause.ts';
import { requireSlot, slotStatus } from '../source/slot.ts';
import { replicationNames } from '../source/replication-names.ts';
import type { SourceTable, StreamSource, Transport } from '../transport.ts';
import type { CarriedTable } from './carried-columns.ts';
import { ConnectClient, failureOf, isRunning, traceReason } from './connect-client.ts';
import { connectDatabase, readsDatabase } from './connect-database.ts';
import { newestOffset, refuseSlotAhead } from './connector-offset.ts';
import { configDifferences, connectorConfig, type ConnectorConfig } from './connector-config.ts';
import { refuseUnsupportedColumns } from './decode/refuse-unsupported.ts';
import { withAdmin } from './kafka-client.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { tablesWithoutPrimaryKey } from './keyless-tables.ts';
import { noteNewStream, readStreamNote } from './stream-name.ts';
import { streamOf } from './topic-names.ts';
import { deleteTopicsOf, ensureTopics, type TopicWish, wantedTopics } from './topics.ts';
import { unappliedMessages } from './unapplied-messages.ts';

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

export interface KafkaTransport extends Transport {
  readonly kind: 'kafka';
  readonly settings: KafkaTransportSettings;
}

/** What a stream should look like outside of the database. */
export interface KafkaPlan {
  readonly connector: string;
  readonly config: ConnectorConfig;
  readonly topics: readonly TopicWish[];
}

export const kafkaOwnTables: readonly SourceTable[] = ['probe', 'heartbeat', 'signal'].map(
  (table) => ({ schema: 'strangler', table }),
);

/** A pure function of its arguments but for the primary keys, which the source knows. */
export async function planKafkaStream(
  settings: KafkaTransportSettings,
  { context, direction, url, client }: StreamSource,
  stream: string,
  tables: readonly SourceTable[],
): Promise<KafkaPlan> {
  const { slot, publication } = replicationNames(context, direction, databaseName(url));
  const side = sourceOf(direction);
  const config = connectorConfig({
    context,
    direction,
    stream,
    slot,
    publication,
    tables,
    database: connectDatabase(
      settings.databaseForConnect[direction] ?? url,
      url,
      `replication.databaseForConnect.${side}`,
    ),
    keyColumns: await tablesWithoutPrimaryKey(client, tables, settings.keyColumns[direction]),
    extra: settings.connect,
  });
  return { connector: stream, config, topics: wantedTopics(stream, tables, settings) };
}

/** Debezium on Kafka Connect carries the changes into topics; the worker reads them from there. */
export function kafkaTransport(settings: KafkaTransportSettings): KafkaTransport {
  const slotOf = ({ context, direction, url }: StreamSource): string =>
    replicationNames(context, direction, databaseName(url)).slot;

  return {
    kind: 'kafka',
    settings,
    ownTables: kafkaOwnTables,

    async announce(source) {
      await refuseUnsupportedColumns(source.client, settings.carried?.[source.direction] ?? []);
      await installSupportSchema(source.client);
      // A connector of an earlier stream would read the new slot.
      await removeStreams(settings, source, slotOf(source));
      await noteNewStream(source.client, source.context, source.direction, slotOf(source));
    },

    async ensure(source, { tables, signal, onDifference }) {
      const { context, direction, client } = source;
      const note = await currentStream(client, context, direction);
      // Before the offset is read below: a running connector moves the offset, then the slot.
      const { confirmed } = await requireSlot(client, slotOf(source));
      await refuseUnsupportedColumns(client, settings.carried?.[direction] ?? []);
      const plan = await planKafkaStream(settings, source, note.name, tables);
      await withAdmin(settings.kafka, `Cannot make the topics of ${context}`, (admin) =>
        ensureTopics(admin, plan.topics, { expected: note.beat > 0n, onDifference }),
      );
      const connect = new ConnectClient(settings.connectUrl, { signal });
      refuseSlotAhead(
        note.name,
        slotOf(source),
        confirmed,
        newestOffset(await connect.offset(note.name)),
      );
      await ensureConnector(connect, plan, {
        signal,
        onDifference,
        timeoutMs: settings.startTimeoutMs ?? 90_000,
        reading: async () => (await slotStatus(client, slotOf(source)))?.active === true,
      });
    },

    async open(source, { from, checkpoint, tables, signal }) {
      const { context, direction, client, url } = source;
      const { name } = await currentStream(client, context, direction);
      // kafkajs is loaded by whoever reads.
      const { openKafkaStream } = await import('./open-kafka-stream.ts');
      const connect = new ConnectClient(settings.connectUrl);
      return openKafkaStream({
        kafka: settings.kafka,
        context,
        direction,
        streamName: name,
        from,
        checkpoint,
        tables,
        sourceUrl: url,
        signal,
        async assertConnector(quiet) {
          const status = await connect.status(name);
          const failure = failureOf(status);
          if (failure !== null) throw connectorFailure(name, failure);
          // Somebody deleted or paused it; the worker's next start puts it to work again and says so.
          if (quiet && !isRunning(status))
            throw new StranglerError(
              'CONNECTOR_FAILED',
              `Connector ${name} ${status === undefined ? 'does not exist any more' : `is ${status.state}`}: no change arrives`,
              { details: { connector: name } },
            );
        },
      });
    },

    remove: (source) => removeStreams(settings, source, slotOf(source)),

    // The reader beats when it is asked where it stands.
    nudge: async () => {},

    async unapplied({ context, direction, client }, { checkpoint, tables, signal }) {
      const { name } = await currentStream(client, context, direction);
      if (signal.aborted) throw new StranglerError('CANCELLED', 'Cancelled');
      return unappliedMessages(settings.kafka, name, tables, checkpoint, signal);
    },
  };
}

async function currentStream(client: pg.Client, context: string, direction: Direction) {
  const note = await readStreamNote(client, context, direction).catch((error: unknown) =>
    Promise.reject(databaseFailure(error, `Cannot read the stream of ${context}`)),
  );
  if (note === null) {
    throw new StranglerError(
      'POSITION_GAP',
      `${context}: database ${client.database ?? ''} knows no ${direction} stream through Kafka: it was made by another transport, or removed`,
      {
        remedy: `Go on with the transport it began with, or run strangler replicate ${context} --restart, which copies anew.`,
      },
    );
  }
  return note;
}

interface EnsureOptions {
  readonly signal: AbortSignal;
  readonly onDifference: ((lines: readonly string[]) => void) | undefined;
  readonly timeoutMs: number;
  /** Whether the slot is read: a task is called running before it tried. */
  reading(): Promise<boolean>;
}

async function ensureConnector(
  connect: ConnectClient,
  { connector, config }: KafkaPlan,
  options: EnsureOptions,
): Promise<void> {
  const running = await connect.config(connector);
  const differences = running ? configDifferences(running, config) : [];
  if (differences.length > 0) options.onDifference?.(differences);
  if (!running || differences.length > 0) await connect.put(connector, config);
  const status = await connect.status(connector);
  if (status?.state === 'PAUSED' || status?.state === 'STOPPED') {
    options.onDifference?.([`connector ${connector} is ${status.state}: resumed`]);
    await connect.resume(connector);
  }
  await untilRunning(connect, { connector, config }, options);
}

/** @throws StranglerError CONNECTOR_FAILED, POSITION_GAP, SLOT_LOST, CANCELLED */
async function untilRunning(
  connect: ConnectClient,
  { connector: name, config }: Pick<KafkaPlan, 'connector' | 'config'>,
  { signal, timeoutMs, reading }: EnsureOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let restarts = 0;
  let failedSince: number | undefined;
  let lookAt = performance.now() + 15_000;
  for (;;) {
    if (signal.aborted) throw new StranglerError('CANCELLED', 'Cancelled');
    const status = await connect.status(name);
    const running = isRunning(status);
    if (running && (await reading())) return;
    const failure = failureOf(status);
    if (failure === null) failedSince = undefined;
    else {
      failedSince ??= performance.now();
      // Connect leaves what failed as it is until somebody asks. For a moment afterwards the old failure is still told.
      if (restarts === 0) {
        restarts += 1;
        await connect.restartFailed(name);
      } else if (performance.now() - failedSince > 5000) throw connectorFailure(name, failure);
    }
    if (performance.now() > lookAt) {
      // A task that cannot reach the database tries for ever and is called running; only a look as its own tells why.
      const problems = await connect.validate(name, config);
      if (problems.length > 0)
        throw new StranglerError(
          'CONNECTOR_FAILED',
          `Connector ${name} does not read its slot: ${problems.join('; ')}`,
          { details: { connector: name } },
        );
      lookAt = performance.now() + 15_000;
    }
    if (performance.now() > deadline) {
      const what = `is ${status?.state ?? 'absent'}, its task ${status?.tasks[0]?.state ?? 'absent'}${running ? ', and its slot is not read,' : ''} after ${Math.round(timeoutMs / 1000)} s`;
      throw new StranglerError('CONNECTOR_FAILED', `Connector ${name} ${what}`, {
        remedy: `The log of Kafka Connect${status ? ` on ${status.worker}` : ''} says why.`,
        details: { connector: name },
      });
    }
    await pause(100, signal);
  }
}

/** A failed task in the toolkit's words. */
export function connectorFailure(name: string, trace: string): StranglerError {
  const reason = traceReason(trace);
  const options = { details: { connector: name, trace } };
  if (/replication slot \S+ is gone/.test(trace))
    return new StranglerError('SLOT_LOST', `Connector ${name}: ${reason}`, options);
  if (/offset.*(no longer available|mismatch|ahead)|slot.*ahead/is.test(reason))
    return new StranglerError('POSITION_GAP', `Connector ${name}: ${reason}`, options);
  return new StranglerError('CONNECTOR_FAILED', `Connector ${name} failed: ${reason}`, options);
}

/**
 * Connectors first, and only when they are gone their topics: a connector without its topics fails and tries again. A slot's name
 * says context and database, not the server: on a cluster that serves staging too, connectors of the same name belong to others.
 */
async function removeStreams(
  settings: KafkaTransportSettings,
  source: StreamSource,
  slot: string,
): Promise<void> {
  const connect = new ConnectClient(settings.connectUrl, { timeoutMs: 20_000, busyMs: 20_000 });
  const database = connectDatabase(
    settings.databaseForConnect[source.direction] ?? source.url,
    source.url,
    'replication.databaseForConnect',
  );
  const note = await readStreamNote(source.client, source.context, source.direction);
  const ours = new Set(note === null ? [] : [note.name]);
  const connectors: string[] = [];
  for (const name of (await connect.list()).filter(
    (connector) => streamOf(slot, connector) === connector,
  )) {
    const config = await connect.config(name);
    if (config === undefined) continue;
    if (readsDatabase(config, database)) {
      ours.add(name);
      connectors.push(name);
    } else if (name === note?.name) throw foreignConnector(connect, name, config, source);
  }
  for (const name of connectors) await connect.delete(name);
  if (connectors.length > 0) await untilGone(connect, source.client, connectors, slot);
  if (ours.size > 0)
    await withAdmin(settings.kafka, `Cannot delete the topics of ${slot}`, (admin) =>
      deleteTopicsOf(admin, slot, ours),
    );
}

const foreignConnector = (
  connect: ConnectClient,
  name: string,
  config: Readonly<Record<string, string>>,
  { context, direction }: StreamSource,
): StranglerError =>
  new StranglerError(
    'CONFIG_INVALID',
    `Connector ${name}, which this database names as its own, reads ${config['database.hostname']}:${config['database.port']}/${config['database.dbname']}`,
    {
      details: { connector: name },
      remedy: `If that is this server under an older address: curl -X DELETE ${connect.url}/connectors/${name}, then run the command again. If this database is a copy of that one: DELETE FROM strangler.heartbeat WHERE context = '${context}' AND direction = '${direction}' here.`,
    },
  );

async function untilGone(
  connect: ConnectClient,
  client: pg.Client,
  connectors: readonly string[],
  slot: string,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  const never = new AbortController().signal;
  for (;;) {
    const left = (await connect.list()).filter((name) => connectors.includes(name));
    if (left.length === 0 && (await slotStatus(client, slot))?.active !== true) return;
    if (performance.now() > deadline)
      throw new StranglerError(
        'TIMEOUT',
        left.length > 0
          ? `Connector ${left.join(', ')} is not gone after 60 s`
          : `Replication slot ${slot} is still read 60 s after its connector was deleted`,
      );
    await pause(100, never);
  }
}
