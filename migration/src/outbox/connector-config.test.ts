import { expect, test } from '@jest/globals';
import { outboxConnectorConfig } from './connector-config.ts';

const connector = { service: 'catalog', url: 'postgres://user%40corp:p%2Fss@db.internal/my%20shop', name: 'strangler_catalog_outbox_1a2b3c4d', table: { schema: 'public', table: 'outbox' }, partitions: 3 };

test('the connector reads the outbox through its own slot and publication, and makes neither bigger than it is', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector', 'tasks.max': '1', 'plugin.name': 'pgoutput',
    'slot.name': 'strangler_catalog_outbox_1a2b3c4d', 'topic.prefix': 'strangler_catalog_outbox_1a2b3c4d',
    'publication.name': 'strangler_outbox', 'publication.autocreate.mode': 'disabled', 'table.include.list': 'public\\.outbox',
  });
});

test('the parts of the URL arrive as they are meant, and the default port with them', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({ 'database.hostname': 'db.internal', 'database.port': '5432', 'database.user': 'user@corp', 'database.password': 'p/ss', 'database.dbname': 'my shop' });
  expect(outboxConnectorConfig(connector)).not.toHaveProperty('database.sslmode');
  expect(outboxConnectorConfig({ ...connector, url: `${connector.url}?sslmode=verify-full` })).toMatchObject({ 'database.sslmode': 'verify-full' });
});

test('events go to a topic for each kind of aggregate, with what they are in headers and their JSON untouched', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.route.topic.replacement': 'catalog.events.${routedByValue}',
    'transforms.outbox.table.fields.additional.placement': 'aggregatetype:header:aggregateType,type:header:type,traceparent:header:traceparent,tracestate:header:tracestate,created_at:header:occurredAt',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter', 'key.converter': 'org.apache.kafka.connect.storage.StringConverter', 'header.converter': 'org.apache.kafka.connect.storage.StringConverter',
  });
  expect(outboxConnectorConfig(connector)).not.toHaveProperty('transforms.outbox.table.expand.json.payload');
});

test('heartbeats let the log go, and the router does not take them for events', () => {
  const config = outboxConnectorConfig({ ...connector, table: { schema: 'shop', table: 'out+box' } });
  expect(Number(config['heartbeat.interval.ms'])).toBeGreaterThan(0);
  expect(config['heartbeat.action.query']).toContain('pg_logical_emit_message');
  const routed = new RegExp(`^${config['predicates.outbox.pattern'] ?? ''}$`);
  expect(routed.test('strangler_catalog_outbox_1a2b3c4d.shop.out+box')).toBe(true);
  for (const other of ['__debezium-heartbeat.strangler_catalog_outbox_1a2b3c4d', 'strangler_catalog_outbox_1a2b3c4d.message', 'strangler_catalog_outbox_1a2b3c4d.shop.outbox']) expect(routed.test(other)).toBe(false);
});
