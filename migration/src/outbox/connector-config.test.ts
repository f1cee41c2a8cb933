import { expect, test } from '@jest/globals';
import { outboxConnectorConfig } from './connector-config.ts';

const connector = {
  service: 'catalog',
  database: {
    hostname: 'db.internal',
    port: '5432',
    user: 'shop',
    password: '${file:/run/secrets/shop:password}',
    name: 'shop',
    sslmode: null,
    certificates: {},
  },
  slot: 'strangler_catalog_outbox_1a2b3c4d',
  prefix: 'strangler_catalog_outbox_1a2b3c4d_ffff',
  table: { schema: 'public', table: 'outbox' },
  partitions: 3,
};

test('the connector reads the outbox through its own slot and publication, and makes neither', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'plugin.name': 'pgoutput',
    'slot.name': 'strangler_catalog_outbox_1a2b3c4d',
    'slot.drop.on.stop': 'false',
    'topic.prefix': 'strangler_catalog_outbox_1a2b3c4d_ffff',
    'snapshot.mode': 'no_data',
    'publication.name': 'strangler_outbox',
    'publication.autocreate.mode': 'disabled',
    'table.include.list': 'public\\.outbox,strangler\\.outbox_marks',
    'database.initial.statements': expect.stringContaining(
      "WHERE slot_name = 'strangler_catalog_outbox_1a2b3c4d') THEN RAISE EXCEPTION",
    ),
  });
});

test('it reaches the database as it is told, with a reference to the password where that is one', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({
    'database.hostname': 'db.internal',
    'database.port': '5432',
    'database.user': 'shop',
    'database.password': '${file:/run/secrets/shop:password}',
    'database.dbname': 'shop',
  });
  expect(outboxConnectorConfig(connector)).not.toHaveProperty('database.sslmode');
  expect(
    outboxConnectorConfig({
      ...connector,
      database: {
        ...connector.database,
        sslmode: 'verify-full',
        certificates: { sslrootcert: '/etc/ca.crt' },
      },
    }),
  ).toMatchObject({ 'database.sslmode': 'verify-full', 'database.sslrootcert': '/etc/ca.crt' });
});

test('events go to a topic for each kind of aggregate, with what they are in headers and their JSON untouched', () => {
  expect(outboxConnectorConfig(connector)).toMatchObject({
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.route.topic.replacement': 'catalog.events.${routedByValue}',
    'transforms.outbox.table.fields.additional.placement':
      'aggregatetype:header:aggregateType,type:header:type,traceparent:header:traceparent,tracestate:header:tracestate,created_at:header:occurredAt',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'header.converter': 'org.apache.kafka.connect.storage.StringConverter',
  });
  expect(outboxConnectorConfig(connector)).not.toHaveProperty(
    'transforms.outbox.table.expand.json.payload',
  );
});

test('heartbeats let the log go, and the router does not take them for events', () => {
  const config = outboxConnectorConfig({
    ...connector,
    table: { schema: 'shop', table: 'out+box' },
  });
  expect(Number(config['heartbeat.interval.ms'])).toBeGreaterThan(0);
  expect(config['heartbeat.action.query']).toBe(
    "SELECT strangler.outbox_mark('strangler_catalog_outbox_1a2b3c4d', false)",
  );
  const routed = new RegExp(`^${config['predicates.outbox.pattern'] ?? ''}$`);
  for (const table of ['shop.out+box', 'strangler.outbox_marks'])
    expect(routed.test(`strangler_catalog_outbox_1a2b3c4d_ffff.${table}`)).toBe(true);
  for (const other of [
    '__debezium-heartbeat.strangler_catalog_outbox_1a2b3c4d_ffff',
    'strangler_catalog_outbox_1a2b3c4d_ffff.message',
    'strangler_catalog_outbox_1a2b3c4d_ffff.shop.outbox',
  ])
    expect(routed.test(other)).toBe(false);
});
