import { connectorBeatStatement, slotMadeAnew } from '../../replica/heartbeats.ts';
import { signalTable } from '../../replica/signals.ts';
import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import { quoteLiteral } from '../../database/identifiers.ts';
import type { Differences, SourceTable } from '../transport.ts';
import type { ConnectDatabase } from './connect-database.ts';
import { decoderSettings, driverOptions } from './decode/settings.ts';

export type ConnectorConfig = Readonly<Record<string, string>>;

export interface ConnectorInput {
  readonly context: string;
  readonly direction: Direction;
  /** Name of this incarnation of the stream: connector and topic prefix. */
  readonly stream: string;
  readonly slot: string;
  readonly publication: string;
  readonly database: ConnectDatabase;
  /** Of the database's server, as server_version_num has it. */
  readonly serverVersion: number;
  /** All that the publication holds. */
  readonly tables: readonly SourceTable[];
  /** Of tables without a primary key. */
  readonly keyColumns: readonly {
    readonly table: SourceTable;
    readonly columns: readonly string[];
  }[];
  /** The context file's own settings. */
  readonly extra?: ConnectorConfig;
}

/** Largest row, with everything around it, that fits into a message. */
export const maxMessageBytes = 64 * 1024 * 1024;

/** Lists of tables are regular expressions, matched against the whole name and separated by commas. */
export const escapedPattern = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\,:;]/g, '\\$&');
export const tablePattern = ({ schema, table }: SourceTable): string =>
  escapedPattern(`${schema}.${table}`);

/** Whether a connector with this configuration reads the table. */
export const readsTable = (config: ConnectorConfig, table: SourceTable): boolean =>
  (config['table.include.list'] ?? '').split(/(?<!\\),/).includes(tablePattern(table));

const literal = (text: string): string => quoteLiteral(text).trim();

export const connectorClass = 'io.debezium.connector.postgresql.PostgresConnector';

/** How a connector reaches its database. */
export const databaseSettings = (database: ConnectDatabase): ConnectorConfig => ({
  'connector.class': connectorClass,
  'tasks.max': '1',
  'database.hostname': database.hostname,
  'database.port': database.port,
  'database.user': database.user,
  'database.password': database.password,
  'database.dbname': database.name,
  ...(database.sslmode !== null && { 'database.sslmode': database.sslmode }),
});

/** May be said otherwise in the context file: where Connect keeps the files of a URL that it shares with us. */
export const certificateSettings = ({ certificates }: ConnectDatabase): ConnectorConfig =>
  Object.fromEntries(
    Object.entries(certificates).map(([name, path]) => [`database.${name}`, path]),
  );

const refuse = (condition: string, message: string): readonly string[] => [
  `IF ${condition} THEN RAISE EXCEPTION '${message}'`,
  'END IF',
];

interface SlotGuard {
  readonly slot: string;
  /** What it means that the slot is gone. */
  readonly consequence: string;
  /** Whether it is another one than was read last, as an expression. */
  readonly madeAnew: string;
  readonly then: string;
}

/** For `database.initial.statements`: fails when the slot is gone or another one, else does the rest. */
export function slotGuard({ slot, consequence, madeAnew, then }: SlotGuard): string {
  const statements = [
    ...refuse(
      `NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ${literal(slot)})`,
      `replication slot ${slot} is gone: ${consequence}`,
    ),
    ...refuse(madeAnew, `replication slot ${slot} was made anew: ${consequence}`),
    then,
    'END',
  ];
  // One statement; a doubled semicolon stands for one that is part of it.
  return `DO $start$ BEGIN ${statements.join(';; ')} $start$`;
}

/**
 * What the connector does before it looks for its slot, on every start. As long as it has sent nothing, Debezium would make a
 * slot that is gone, with a hole before it (later it fails by itself), and it always takes one that somebody else made anew: so
 * it fails before. And it beats: if the slot went away right after the look, the reader misses this beat.
 */
const startStatement = (input: ConnectorInput): string =>
  slotGuard({
    slot: input.slot,
    consequence: 'changes may be missing',
    madeAnew: slotMadeAnew(input),
    then: connectorBeatStatement(input),
  });

const converter = (side: 'key' | 'value'): ConnectorConfig => ({
  [`${side}.converter`]: 'org.apache.kafka.connect.json.JsonConverter',
  [`${side}.converter.schemas.enable`]: 'false',
  // Otherwise NULL becomes the column's default.
  [`${side}.converter.replace.null.with.default`]: 'false',
});

/** What correctness hangs on, with the reason: `doctor` shows it beside a running connector that has something else. */
export const essentialSettings: Readonly<Record<string, string>> = {
  'plugin.name': 'only pgoutput honours the publication',
  'slot.name': 'the slot where the initial copy ends',
  'publication.name': 'the publication of the mapped tables',
  'publication.autocreate.mode': 'otherwise the connector changes the publication',
  'slot.drop.on.stop': 'a slot that is dropped is a hole',
  'topic.prefix': 'the topics of this stream',
  'table.include.list': 'changes of other tables are dropped',
  'snapshot.mode': 'the tables are copied by us; a snapshot would apply rows twice',
  'provide.transaction.metadata': 'transactions are put together again by it',
  'skipped.operations': 'otherwise TRUNCATE is left out silently',
  'tombstones.on.delete': 'a deleted key is counted twice in its transaction, or not',
  'offset.mismatch.strategy': 'a slot ahead of the offset would skip changes silently',
  'heartbeat.interval.ms': 'without it a quiet table keeps log for ever, and holes are not seen',
  'heartbeat.action.query': 'holes are seen by its count',
  'database.initial.statements':
    'otherwise the connector makes a slot that is gone, with a hole before it',
  'errors.tolerance': 'otherwise what cannot be sent is skipped',
  'event.processing.failure.handling.mode': 'otherwise what cannot be read is skipped',
  'decimal.handling.mode': 'numbers lose digits',
  'interval.handling.mode': 'intervals lose months',
  'time.precision.mode': 'times are read in this form, and 24:00:00 is lost in others',
  'binary.handling.mode': 'bytea is read in this form',
  'hstore.handling.mode': 'hstore is read in this form',
  'include.unknown.datatypes': 'columns of other types would be left out',
  'driver.options': 'otherwise a database with other settings changes intervals and floats',
  'unavailable.value.placeholder': 'large values that an update left alone are known by it',
  'key.converter': 'keys are read as JSON',
  'value.converter': 'values are read as JSON',
  'key.converter.schemas.enable': 'keys are read without a schema',
  'value.converter.schemas.enable': 'values are read without a schema',
  'key.converter.replace.null.with.default': "NULL becomes the column's default",
  'value.converter.replace.null.with.default': "NULL becomes the column's default",
  'message.prefix.exclude.list': 'messages of others in the log would need a topic',
  'signal.data.collection': 'resync signals through it',
};

/** The whole configuration of one direction's connector: a pure function, so that what runs can be held against it. */
export function connectorConfig(input: ConnectorInput): ConnectorConfig {
  const { context, stream, database, extra = {} } = input;
  const own: ConnectorConfig = {
    ...databaseSettings(database),
    'database.initial.statements': startStatement(input),
    'topic.prefix': stream,
    'plugin.name': 'pgoutput',
    'slot.name': input.slot,
    'slot.drop.on.stop': 'false',
    'publication.name': input.publication,
    'publication.autocreate.mode': 'disabled',
    'table.include.list': input.tables.map(tablePattern).toSorted().join(','),
    ...(input.keyColumns.length > 0 && {
      'message.key.columns': input.keyColumns
        .map(({ table, columns }) => `${tablePattern(table)}:${columns.join(',')}`)
        .join(';'),
    }),
    'snapshot.mode': 'no_data',
    'provide.transaction.metadata': 'true',
    'skipped.operations': 'none',
    'tombstones.on.delete': 'true',
    'offset.mismatch.strategy': 'trust_offset',
    'message.prefix.exclude.list': '.*',
    'heartbeat.action.query': connectorBeatStatement(input),
    'signal.enabled.channels': 'source',
    'signal.data.collection': `${signalTable.schema}.${signalTable.table}`,
    ...decoderSettings,
    'driver.options': driverOptions(input.serverVersion),
    ...converter('key'),
    ...converter('value'),
    'errors.tolerance': 'none',
    'event.processing.failure.handling.mode': 'fail',
  };
  const taken = Object.keys(extra).find((name) => name in own || name === 'name');
  if (taken !== undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `contexts/${context}: replication.connect sets ${JSON.stringify(taken)}, which the toolkit sets`,
      { remedy: 'Remove the line.' },
    );
  if (extra['heartbeat.interval.ms'] !== undefined && !(Number(extra['heartbeat.interval.ms']) > 0))
    throw new StranglerError(
      'CONFIG_INVALID',
      `contexts/${context}: replication.connect: heartbeat.interval.ms must be more than 0: ${essentialSettings['heartbeat.interval.ms']}`,
    );
  return { ...tuning, ...certificateSettings(database), ...extra, ...own };
}

/** May be changed by the context file. */
const tuning: ConnectorConfig = {
  'heartbeat.interval.ms': '1000',
  // Two threads wake so often for every connector, busy or not: at 10 ms an idle one costs twice the CPU of this.
  'poll.interval.ms': '50',
  'status.update.interval.ms': '1000',
  // A database that comes back is read again soon.
  'retriable.restart.connector.wait.ms': '1000',
  // A worker that crashed leaves its session behind for some seconds.
  'slot.max.retries': '30',
  'slot.retry.delay.ms': '2000',
  'incremental.snapshot.chunk.size': '2048',
  // Gives each start of the connector a number in Kafka: without it a start in the middle of a COPY is not noticed at once.
  'producer.override.enable.idempotence': 'true',
  'producer.override.max.request.size': String(maxMessageBytes),
  'producer.override.buffer.memory': String(2 * maxMessageBytes),
};

const isSecret = (setting: string): boolean =>
  /password|passwd|secret|token|credential|user\.info|sasl\.jaas|ssl\.key(?!store\.type|store\.location)/i.test(
    setting,
  );

const isReference = (value: string): boolean => /^\$\{[^{}]+:[^{}]*\}$/.test(value);

// Control characters would disturb a terminal.
const shown = (name: string, value: string): string =>
  isSecret(name) && !isReference(value)
    ? '***'
    : value.replace(
        /\p{Cc}/gu,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );

/** For people: without secrets. A reference to a secret is none. */
export const shownConfig = (config: ConnectorConfig): ConnectorConfig =>
  Object.fromEntries(Object.entries(config).map(([name, value]) => [name, shown(name, value)]));

/** What would change at a running connector, a line for each setting. */
export function configDifferences(running: ConnectorConfig, wanted: ConnectorConfig): Differences {
  return (
    [...new Set([...Object.keys(running), ...Object.keys(wanted)])]
      // Connect adds the name itself.
      .filter((name) => name !== 'name' && running[name] !== wanted[name])
      .toSorted()
      .map((name) => {
        const [before, after] = [running[name], wanted[name]];
        if (before === undefined) return `${name}: set to ${shown(name, after ?? '')}`;
        if (after === undefined) return `${name}: ${shown(name, before)} is removed`;
        return isSecret(name)
          ? `${name}: changed`
          : `${name}: ${shown(name, before)} → ${shown(name, after)}`;
      })
  );
}
