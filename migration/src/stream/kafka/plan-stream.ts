import { sourceOf } from '@strangler-toolkit/plan';
import { databaseName } from '../../database/connect.ts';
import { serverVersion } from '../../database/server-version.ts';
import { replicationNames } from '../source/replication-names.ts';
import type { SourceTable, StreamSource } from '../transport.ts';
import { connectDatabase } from './connect-database.ts';
import { connectorConfig, type ConnectorConfig } from './connector-config.ts';
import { tablesWithoutPrimaryKey } from './keyless-tables.ts';
import { type TopicWish, wantedTopics } from './topics.ts';
import type { KafkaTransportSettings } from './transport-settings.ts';

/** What a stream should look like outside of the database. */
export interface KafkaPlan {
  readonly connector: string;
  readonly config: ConnectorConfig;
  readonly topics: readonly TopicWish[];
}

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
    serverVersion: await serverVersion(client),
    keyColumns: await tablesWithoutPrimaryKey(client, tables, settings.keyColumns[direction]),
    extra: settings.connect,
  });
  return { connector: stream, config, topics: wantedTopics(stream, tables, settings) };
}
