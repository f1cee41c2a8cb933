import type { TableName } from '../database/identifiers.ts';
import {
  markInBlock,
  markStatement,
  outboxMarksTable,
  outboxSlotMadeAnew,
} from '../replica/outbox-marks.ts';
import type { ConnectDatabase } from '../stream/kafka/connect-database.ts';
import {
  certificateSettings,
  type ConnectorConfig,
  databaseSettings,
  escapedPattern,
  slotGuard,
  tablePattern,
} from '../stream/kafka/connector-config.ts';
import { eventHeaders, eventTopic } from './event-topics.ts';
import { outboxPublication } from './outbox-publication.ts';

export interface OutboxConnector {
  /** First part of the topics' names: the context, as a rule. */
  readonly service: string;
  readonly database: ConnectDatabase;
  readonly slot: string;
  /** Changes with the slot: Connect keeps offsets of a connector that is gone, and they would be taken for those of a new slot. */
  readonly prefix: string;
  readonly table: TableName;
  /** Of topics that the connector has to make. */
  readonly partitions: number;
}

const text = 'org.apache.kafka.connect.storage.StringConverter';

/**
 * Debezium with its outbox event router, which makes the message that was meant out of the row that was inserted.
 *
 * Value and key are sent as text: the payload arrives as the JSON that the service wrote. Expanding it (`table.expand.json.payload`)
 * would have Connect guess a schema, and lose what has none: nulls, arrays of different things, digits of decimals.
 */
export function outboxConnectorConfig({
  service,
  database,
  slot,
  prefix,
  table,
  partitions,
}: OutboxConnector): ConnectorConfig {
  return {
    ...databaseSettings(database),
    ...certificateSettings(database),
    // Debezium would make a slot that is gone, with a hole before it.
    'database.initial.statements': slotGuard({
      slot,
      consequence: 'events may be missing, run strangler outbox connect',
      madeAnew: outboxSlotMadeAnew(slot),
      then: markInBlock(slot),
    }),
    'topic.prefix': prefix,
    'plugin.name': 'pgoutput',
    'slot.name': slot,
    'slot.drop.on.stop': 'false',
    // A worker that crashed leaves its session behind for some seconds.
    'slot.max.retries': '30',
    'slot.retry.delay.ms': '2000',
    'publication.name': outboxPublication,
    'publication.autocreate.mode': 'disabled',
    'table.include.list': [table, outboxMarksTable].map(tablePattern).join(','),
    // What the outbox held when the slot was made is sent before the connector is: in the snapshot of the slot, without a gap.
    'snapshot.mode': 'no_data',
    'offset.mismatch.strategy': 'trust_offset',
    'errors.tolerance': 'none',
    'event.processing.failure.handling.mode': 'fail',
    'poll.interval.ms': '20',
    // Without it a service whose outbox rests while its tables are written to would keep its log for ever; and a database that
    // went back to an earlier state, or a slot that skipped something, breaks the chain of these marks.
    'heartbeat.interval.ms': '5000',
    'heartbeat.action.query': markStatement(slot),
    'message.prefix.exclude.list': '.*',
    'key.converter': text,
    'value.converter': text,
    'header.converter': text,
    'topic.creation.default.partitions': String(partitions),
    'topic.creation.default.replication.factor': '-1',
    transforms: 'outbox',
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.predicate': 'outbox',
    'transforms.outbox.route.topic.replacement': eventTopic(service, '${routedByValue}'),
    'transforms.outbox.table.fields.additional.placement': Object.entries(eventHeaders)
      .map(([column, header]) => `${column}:header:${header}`)
      .join(','),
    // Heartbeats are no events.
    predicates: 'outbox',
    'predicates.outbox.type': 'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
    'predicates.outbox.pattern': `${escapedPattern(prefix)}\\.(${[table, outboxMarksTable].map(tablePattern).join('|')})`,
  };
}
