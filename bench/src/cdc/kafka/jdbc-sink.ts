import { Kafka, logLevel } from 'kafkajs';
import type { Site } from '../site.ts';
import { until } from '../until.ts';
import type { KafkaStack } from './stack.ts';

const feed = 'bench_feed';
const sink = 'bench_sink';
const topics = ['items', 'lines', 'pulses'].map((table) => `${feed}.public.${table}`);
const converters = Object.fromEntries(
  ['key', 'value'].flatMap((side) => [
    [`${side}.converter`, 'org.apache.kafka.connect.json.JsonConverter'],
    [`${side}.converter.schemas.enable`, 'true'],
  ]),
);

export interface JdbcSink {
  /** Waits until so many further changes lie in the sink's topics. */
  waitFor(changes: number): Promise<void>;
  resume(): Promise<void>;
  pause(): Promise<void>;
  readonly assertRunning: () => Promise<void>;
}

/** Debezium's JDBC sink as its documentation sets it up for upserts and deletes, on topics of its own, because it needs schemas in them. */
export async function openJdbcSink(
  site: Site,
  { brokers, connectors }: KafkaStack,
): Promise<JdbcSink> {
  // kafkajs sets timers to the past; that is harmless, and nothing for people to read.
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (...args: unknown[]) => {
    if (args[1] !== 'TimeoutNegativeWarning') Reflect.apply(emit, process, args);
  };
  const kafka = new Kafka({ clientId: 'bench', brokers: [brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  site.onClose(() => admin.disconnect());
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: 3 })),
    waitForLeaders: true,
  });
  const { hostname, port, username, password, pathname } = new URL(site.monolithUrl);
  await site.monolith.query(`CREATE PUBLICATION ${feed} FOR TABLE items, lines, pulses`);
  await connectors.create(site, feed, {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': hostname,
    'database.port': port,
    'database.user': username,
    'database.password': password,
    'database.dbname': pathname.slice(1),
    'topic.prefix': feed,
    'plugin.name': 'pgoutput',
    'slot.name': feed,
    'publication.name': feed,
    'publication.autocreate.mode': 'disabled',
    'table.include.list': 'public.items,public.lines,public.pulses',
    'snapshot.mode': 'no_data',
    'tombstones.on.delete': 'false',
    'poll.interval.ms': '50',
    ...converters,
  });
  await until(
    'the feed streams',
    site.signal,
    async () =>
      (
        await site.monolith.query(
          'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active AND confirmed_flush_lsn IS NOT NULL',
          [feed],
        )
      ).rowCount === 1,
    { limitSeconds: 60 },
  );
  const target = new URL(site.serviceUrl);
  await connectors.create(site, sink, {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'tasks.max': '3',
    topics: topics.join(','),
    'connection.url': `jdbc:postgresql://${target.host}${target.pathname}`,
    'connection.username': target.username,
    'connection.password': target.password,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'none',
    'collection.name.format': 'sink.${source.table}',
    'batch.size': '2000',
    'consumer.override.max.poll.records': '2000',
    ...converters,
  });
  await connectors.pause(site, sink);
  const count = async (): Promise<number> => {
    let total = 0;
    for (const topic of topics)
      for (const { high } of await admin.fetchTopicOffsets(topic)) total += Number(high);
    return total;
  };
  let expected = await count();
  return {
    async waitFor(changes) {
      expected += changes;
      await until(
        'the feed has sent all',
        site.signal,
        async () => {
          await connectors.assertRunning(feed);
          return (await count()) >= expected;
        },
        { everyMs: 200 },
      );
    },
    resume: () => connectors.resume(site, sink),
    pause: () => connectors.pause(site, sink),
    assertRunning: () => connectors.assertRunning(sink),
  };
}
