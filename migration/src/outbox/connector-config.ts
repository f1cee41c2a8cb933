import { quoteTable, type TableName } from '../database/identifiers.ts';
import { eventHeaders, eventTopic } from './event-topics.ts';
import { outboxPublication } from './outbox-publication.ts';

export interface OutboxConnector {
  /** First part of the topics' names: the context, as a rule. */
  readonly service: string;
  /** The service's database. */
  readonly url: string;
  /** Slot, connector and topic prefix at once. */
  readonly name: string;
  readonly table: TableName;
  /** Of topics that the connector has to make. */
  readonly partitions: number;
}

const text = 'org.apache.kafka.connect.storage.StringConverter';
const escaped = (pattern: string): string => pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Debezium with its outbox event router, which makes the message that was meant out of the row that was inserted.
 *
 * Value and key are sent as text: the payload arrives as the JSON that the service wrote. Expanding it (`table.expand.json.payload`)
 * would have Connect guess a schema, and lose what has none: nulls, arrays of different things, digits of decimals.
 */
export function outboxConnectorConfig({ service, url, name, table, partitions }: OutboxConnector): Record<string, string> {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url);
  const qualified = `${table.schema}.${table.table}`;
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': hostname,
    'database.port': port || '5432',
    'database.user': decodeURIComponent(username),
    'database.password': decodeURIComponent(password),
    'database.dbname': decodeURIComponent(pathname.slice(1)),
    ...(searchParams.has('sslmode') && { 'database.sslmode': searchParams.get('sslmode') ?? '' }),
    'topic.prefix': name,
    'plugin.name': 'pgoutput',
    'slot.name': name,
    'publication.name': outboxPublication,
    'publication.autocreate.mode': 'disabled',
    'table.include.list': escaped(qualified),
    // A new slot begins with the events that are still in the table, in their order; a lost one is mended the same way.
    'snapshot.mode': 'initial',
    'snapshot.select.statement.overrides': qualified,
    [`snapshot.select.statement.overrides.${qualified}`]: `SELECT * FROM ${quoteTable(table)} ORDER BY created_at, id`,
    // A slot that somebody moved on is a hole: fail instead of skipping it.
    'offset.mismatch.strategy': 'trust_offset',
    'poll.interval.ms': '50',
    // Without it a service whose outbox rests while its tables are written to would keep its log for ever.
    'heartbeat.interval.ms': '5000',
    'heartbeat.action.query': `SELECT pg_logical_emit_message(false, 'strangler-outbox', '')`,
    'key.converter': text,
    'value.converter': text,
    'header.converter': text,
    'topic.creation.default.partitions': String(partitions),
    'topic.creation.default.replication.factor': '-1',
    transforms: 'outbox',
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.predicate': 'outbox',
    'transforms.outbox.route.topic.replacement': eventTopic(service, '${routedByValue}'),
    'transforms.outbox.table.fields.additional.placement': Object.entries(eventHeaders).map(([column, header]) => `${column}:header:${header}`).join(','),
    // Heartbeats are no events.
    predicates: 'outbox',
    'predicates.outbox.type': 'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
    'predicates.outbox.pattern': escaped(`${name}.${qualified}`),
  };
}
