import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { pause } from '../../pause.ts';
import { slotStatus } from '../source/slot.ts';
import type { StreamSource } from '../transport.ts';
import { ConnectClient } from './connect-client.ts';
import { connectDatabase, readsDatabase } from './connect-database.ts';
import { withAdmin } from './kafka-client.ts';
import { forgetStreamStatement, readStreamNote } from '../../replica/heartbeats.ts';
import { streamOf } from './topic-names.ts';
import { deleteTopicsOf } from './topics.ts';
import type { KafkaTransportSettings } from './transport-settings.ts';

/**
 * Connectors first, and only when they are gone their topics: a connector without its topics fails and tries again. A slot's name
 * says context and database, not the server: on a cluster that serves staging too, connectors of the same name belong to others.
 */
export async function removeStreams(
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
    `Connector ${name}, which this database names as its own, reads ` +
      `${config['database.hostname']}:${config['database.port']}/${config['database.dbname']}`,
    {
      details: { connector: name },
      remedy:
        `If that is this server under an older address: curl -X DELETE ` +
        `${connect.url}/connectors/${name}, then run the command again. If this database is a ` +
        `copy of that one: ${forgetStreamStatement(context, direction)} here.`,
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
