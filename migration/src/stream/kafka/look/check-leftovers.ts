import type { Direction } from '@strangler-toolkit/plan';
import { databaseName } from '../../../database/connect.ts';
import { replicationNames } from '../../source/replication-names.ts';
import { connectDatabase, readsDatabase } from '../connect-database.ts';
import { withAdmin } from '../kafka-client.ts';
import { readStreamNote } from '../../../replica/heartbeats.ts';
import { streamOf } from '../topic-names.ts';
import type { Patient } from './patient.ts';

/** What earlier streams of this context left behind: a connector reads a slot that is not its own, topics fill disks. */
export async function checkLeftovers(
  { context, ends, settings, connect, report }: Patient,
  streaming: Direction | null,
): Promise<void> {
  const connectors = await connect.list();
  const topics = await withAdmin(settings.kafka, 'Cannot list the topics', (admin) =>
    admin.listTopics(),
  );
  for (const direction of ['forward', 'reverse'] as const) {
    const { url, withSource } = ends[direction];
    const { slot } = replicationNames(context, direction, databaseName(url));
    const needed =
      streaming === direction
        ? await withSource(({ client }) => readStreamNote(client, context, direction))
        : null;
    const database = connectDatabase(
      settings.databaseForConnect[direction] ?? url,
      url,
      'replication.databaseForConnect',
    );
    // Of another server whose context and database have the same names: not ours to judge.
    const foreign = new Set<string>();
    for (const name of connectors.filter((connector) => streamOf(slot, connector) === connector)) {
      const config = await connect.config(name);
      if (config && !readsDatabase(config, database)) foreign.add(name);
    }
    const stale = (name: string): boolean => {
      const stream = streamOf(slot, name);
      return stream !== null && stream !== needed?.name && !foreign.has(stream);
    };
    const deletion = (topic: string): string =>
      `kafka-topics.sh --bootstrap-server ${settings.kafka.brokers[0]} --delete --topic '${topic}'`;
    const [oldConnectors, oldTopics] = [connectors.filter(stale), topics.filter(stale)];
    report({
      check: `${direction} connectors of earlier streams`,
      ok: oldConnectors.length === 0,
      expected: 'none',
      actual: oldConnectors.join(', ') || 'none',
      remedy: `Delete them: ${oldConnectors.map((name) => `curl -X DELETE ${connect.url}/connectors/${name}`).join('; ')}`,
    });
    report({
      check: `${direction} topics of earlier streams`,
      ok: oldTopics.length === 0,
      expected: 'none',
      actual: oldTopics.join(', ') || 'none',
      remedy: `Delete them: ${oldTopics.map(deletion).join('; ')}`,
    });
  }
}
