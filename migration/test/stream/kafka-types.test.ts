import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { sharedKafka, until, Hopeless } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import type { Row } from '../../src/stream/change-event.ts';
import { resolveColumnTypes } from '../../src/stream/kafka/decode/column-type.ts';
import {
  type Envelope,
  type JsonRow,
  parseEnvelope,
} from '../../src/stream/kafka/decode/envelope.ts';
import { serverVersion } from '../../src/database/server-version.ts';
import { refuseUnsupportedColumns } from '../../src/stream/kafka/decode/refuse-unsupported.ts';
import { createRowDecoder } from '../../src/stream/kafka/decode/row-decoder.ts';
import { decoderSettings, driverOptions } from '../../src/stream/kafka/decode/settings.ts';
import { readTransactions, type TestSource, testSource } from './source.ts';
import { typeDdl, typeStatements, typeTables } from './type-workload.ts';

/** One row change as one line of a comparison. */
interface Change {
  readonly op: string;
  readonly table: string;
  readonly before: Row | null;
  readonly after: Row | null;
}

describeWithKafka('values that come through Debezium', () => {
  const name = `types_${randomBytes(4).toString('hex')}`;
  let source: TestSource;
  let kafka: Kafka;
  let connector: string;

  const call = async (
    path: string,
    init?: RequestInit,
  ): Promise<{ tasks?: readonly { state: string; trace?: string }[] }> => {
    const response = await fetch(`${connector}${path}`, {
      headers: { 'content-type': 'application/json' },
      ...init,
    });
    if (!response.ok && response.status !== 404) throw new Error(await response.text());
    return response.status === 200
      ? ((await response.json()) as { tasks?: readonly { state: string; trace?: string }[] })
      : {};
  };

  beforeAll(async () => {
    const shared = await sharedKafka();
    kafka = new Kafka({ brokers: shared.brokers.split(','), logLevel: logLevel.NOTHING });
    connector = `${shared.connectUrl}/connectors/${name}`;
    source = await testSource('kafka_types', typeDdl, typeTables);
    // Text that the connector reads must not hang on them.
    for (const setting of [
      `intervalstyle = 'sql_standard'`,
      `bytea_output = 'escape'`,
      'extra_float_digits = -3',
      `datestyle = 'SQL, DMY'`,
      `timezone = 'Asia/Tokyo'`,
    ])
      await source.client.query(`ALTER DATABASE "${source.database.name}" SET ${setting}`);
    await source.client.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`);
    const { hostname, port, username, password } = new URL(source.database.url);
    const config = {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': hostname,
      'database.port': port,
      'database.user': username,
      'database.password': password,
      'database.dbname': source.database.name,
      'topic.prefix': name,
      'plugin.name': 'pgoutput',
      'slot.name': name,
      'publication.name': source.publication,
      'publication.autocreate.mode': 'disabled',
      'snapshot.mode': 'no_data',
      'provide.transaction.metadata': 'true',
      'skipped.operations': 'none',
      'poll.interval.ms': '10',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      ...decoderSettings,
      'driver.options': driverOptions(await serverVersion(source.client)),
    };
    await call('/config', { method: 'PUT', body: JSON.stringify(config) });
    await until('the connector runs', async () => {
      const [task] = (await call('/status')).tasks ?? [];
      if (task?.state === 'FAILED') throw new Hopeless(task.trace);
      return task?.state === 'RUNNING';
    });
  });

  afterAll(async () => {
    if (connector) await call('', { method: 'DELETE' });
    if (kafka) {
      const admin = kafka.admin();
      await admin.connect();
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${name}.`));
      if (topics.length > 0) await admin.deleteTopics({ topics });
      await admin.disconnect();
    }
    if (source) await source.close();
  });

  async function fromEmbedded(): Promise<Change[]> {
    const transactions = await readTransactions(
      (await source.open())[Symbol.asyncIterator](),
      typeStatements.length,
    );
    return transactions.flatMap(({ events }) =>
      events.map(({ op, before, after, source: { table } }) => ({ op, table, before, after })),
    );
  }

  /** A key change is two messages there. */
  async function fromKafka(count: number): Promise<Change[]> {
    const decoders = new Map<
      string,
      { readonly row: (row: JsonRow) => Row; readonly key: (row: JsonRow) => Row }
    >();
    for (const table of typeTables) {
      const { rows } = await source.client.query<{ name: string; oid: string; modifier: string }>(
        'SELECT attname AS name, atttypid::bigint AS oid, atttypmod AS modifier FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
        [table],
      );
      const types = await resolveColumnTypes(
        source.client,
        rows.map((row) => ({
          name: row.name,
          oid: Number(row.oid),
          modifier: Number(row.modifier),
        })),
      );
      decoders.set(table, {
        row: createRowDecoder(types, { table }),
        key: createRowDecoder(
          types.filter((type) => type.name === 'id'),
          { table },
        ),
      });
    }
    const envelopes: Envelope[] = [];
    const consumer = kafka.consumer({ groupId: name });
    await consumer.connect();
    const admin = kafka.admin();
    await admin.connect();
    const topics = typeTables.map((table) => `${name}.public.${table}`);
    await until('all topics are there', async () => {
      const present = await admin.listTopics();
      return topics.every((topic) => present.includes(topic));
    });
    await admin.disconnect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { value } }) =>
        void (value && envelopes.push(parseEnvelope(value))),
    });
    await until(`${count} messages arrive`, () => Promise.resolve(envelopes.length >= count));
    await consumer.disconnect();
    return envelopes
      .toSorted(
        (a, b) => Number(a.xid) - Number(b.xid) || Number(a.totalOrder) - Number(b.totalOrder),
      )
      .map(({ op, table, before, after }) => {
        const decode = decoders.get(table)!;
        return {
          op,
          table,
          before: before && (table === 'large' ? decode.key : decode.row)(before),
          after: after && decode.row(after),
        };
      });
  }

  test('are the same texts as the embedded reader brings, of every type, with unchanged large values absent', async () => {
    for (const statement of typeStatements) await source.client.query(statement);
    const embedded = (await fromEmbedded()).flatMap((change): Change[] => {
      if (change.op !== 'u' || change.before === null || change.before.id === change.after?.id)
        return [change];
      return [
        { ...change, op: 'd', after: null },
        { ...change, op: 'c', before: null },
      ];
    });
    const decoded = await fromKafka(embedded.length);
    expect(decoded.length).toBe(embedded.length);
    for (const [index, change] of embedded.entries())
      expect([index, decoded[index]]).toEqual([index, change]);
    expect(embedded.find(({ op, table }) => op === 'u' && table === 'large')?.after).toEqual({
      id: '1',
      n: '2',
    });
  });

  test('are refused by name where they would not come whole, until the table rules the lost ones out', async () => {
    await source.client.query(
      `CREATE DOMAIN span AS interval; CREATE TABLE refused (id int PRIMARY KEY, lasts interval, "For How Long" span, opens timetz, moods mood[], flags smallint[], note text)`,
    );
    const refused = (columns?: readonly string[]): Promise<unknown> =>
      refuseUnsupportedColumns(source.client, [
        { schema: 'public', table: 'refused', ...(columns && { columns }) },
      ]).then(
        () => [],
        (error: { code: string; details: { columns: { name: string }[] } }) => [
          error.code,
          ...error.details.columns.map((column) => column.name),
        ],
      );
    expect(await refused()).toEqual([
      'TYPE_UNSUPPORTED',
      'lasts',
      'For How Long',
      'opens',
      'moods',
      'flags',
    ]);
    await source.client.query(
      'ALTER TABLE refused REPLICA IDENTITY FULL, ADD CHECK (isfinite(lasts)), ADD CHECK (isfinite("For How Long"))',
    );
    expect(await refused()).toEqual(['TYPE_UNSUPPORTED', 'opens', 'moods']);
    expect(await refused(['id', 'lasts', 'For How Long', 'flags', 'note'])).toEqual([]);
    await source.client.query(
      'ALTER TABLE refused DROP CONSTRAINT refused_lasts_check, ADD CHECK (isfinite(lasts)) NOT VALID',
    );
    expect(await refused(['lasts'])).toEqual(['TYPE_UNSUPPORTED', 'lasts']);
    for (const table of typeTables)
      await refuseUnsupportedColumns(source.client, [{ schema: 'public', table }]);
  });
});
