import type { MigrationDefinition, ReplicationSettings } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { createTestDatabase, sharedKafka } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import {
  createSlot,
  dropSlot,
  ensurePublication,
  replicationNames,
} from '../../src/stream/index.ts';
import { kafkaTransportSettings } from '../../src/stream/choose-transport.ts';
import { ConnectClient } from '../../src/stream/kafka/connect-client.ts';
import { type KafkaTransport, kafkaTransport } from '../../src/stream/kafka/kafka-transport.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import type { SourceTable, StreamSource } from '../../src/stream/transport.ts';

export interface ConnectorSource extends AsyncDisposable {
  readonly source: StreamSource;
  readonly client: pg.Client;
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly SourceTable[];
  readonly rest: ConnectClient;
  readonly shared: { readonly brokers: string; readonly connectUrl: string };
  transport(replication?: ReplicationSettings): KafkaTransport;
  /** Announces, makes publication and slot, and has the connector run. */
  begin(): Promise<void>;
  ensure(replication?: ReplicationSettings): Promise<string[]>;
  /** Connector and topic prefix. */
  name(): Promise<string>;
}

export const definition: MigrationDefinition = {
  context: 'goods',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:1' },
  routes: [],
  tables: [
    { monolith: 'products', service: [{ table: 'goods', columns: { id: 'id', name: 'name' } }] },
    {
      monolith: 'odd."Größe, ""a.b"',
      key: ['code'],
      service: [{ table: 'sizes', columns: { code: 'id', label: 'label' } }],
    },
  ],
};

/** A database with two tables, one of them with an odd name and no primary key, and Kafka and Connect of the test run. */
export async function openConnectorSource(label: string): Promise<ConnectorSource> {
  const shared = await sharedKafka();
  const database = await createTestDatabase(label);
  const client = await connect(database.url, { applicationName: 'test' });
  await client.query(`CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'new'); INSERT INTO products SELECT n, 'product ' || n FROM generate_series(1, 100) n;
    CREATE SCHEMA odd; CREATE TABLE odd."Größe, ""a.b" (code text NOT NULL, label text); ALTER TABLE odd."Größe, ""a.b" REPLICA IDENTITY FULL`);
  await installReplicaSchema(client);
  const { slot, publication } = replicationNames('goods', 'forward', database.name);
  const source: StreamSource = {
    context: 'goods',
    direction: 'forward',
    url: database.url,
    client,
  };
  const env = { KAFKA_BROKERS: shared.brokers, CONNECT_URL: shared.connectUrl };
  const transport = (replication: ReplicationSettings = {}): KafkaTransport =>
    kafkaTransport(kafkaTransportSettings({ ...definition, replication }, env));
  const tables = [
    { schema: 'public', table: 'products' },
    { schema: 'odd', table: 'Größe, "a.b' },
    ...transport().ownTables,
  ];
  const ensure = async (replication?: ReplicationSettings): Promise<string[]> => {
    const lines: string[] = [];
    await transport(replication).ensure(source, {
      tables,
      signal: AbortSignal.timeout(120_000),
      onDifference: (differences) => lines.push(...differences),
    });
    return lines;
  };
  return {
    source,
    client,
    slot,
    publication,
    tables,
    shared,
    transport,
    ensure,
    rest: new ConnectClient(shared.connectUrl),
    async begin() {
      await transport().announce(source);
      await dropSlot(client, slot);
      await ensurePublication(client, publication, tables);
      await createSlot(client, slot);
      await ensure();
    },
    name: async () => (await readStreamNote(client, 'goods', 'forward'))?.name ?? 'none',
    async [Symbol.asyncDispose]() {
      await transport()
        .remove(source)
        .catch(() => undefined);
      await dropSlot(client, slot, { timeoutMs: 30_000 }).catch(() => undefined);
      await client.end();
      await database.drop();
    },
  };
}
