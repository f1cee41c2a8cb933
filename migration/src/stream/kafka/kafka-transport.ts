import { StranglerError } from '@strangler-toolkit/plan';
import { databaseName } from '../../database/connect.ts';
import { installReplicaSchema } from '../../replica/schema.ts';
import { replicationNames } from '../source/replication-names.ts';
import { requireSlot, slotStatus } from '../source/slot.ts';
import type { StreamSource, Transport } from '../transport.ts';
import { ConnectClient, failureOf, isRunning } from './connect-client.ts';
import { readsTable } from './connector-config.ts';
import { connectorFailure } from './connector-failure.ts';
import { assertKafkaUsable, plannedConnector } from './look/plan.ts';
import { kafkaHealth } from './look/health.ts';
import { checkKafka } from './look/check-kafka.ts';
import { kafkaResync } from './resync.ts';
import { newestOffset, refuseSlotAhead } from './connector-offset.ts';
import { refuseUnsupportedColumns } from './decode/refuse-unsupported.ts';
import { ensureConnector } from './ensure-connector.ts';
import { withAdmin } from './kafka-client.ts';
import { planKafkaStream } from './plan-stream.ts';
import { removeStreams } from './remove-streams.ts';
import { noteNewStream, refuseSlotMadeAnew, requireStreamNote } from '../../replica/heartbeats.ts';
import { tableTopics } from './topic-names.ts';
import { ensureTopics } from './topics.ts';
import { type KafkaTransportSettings, kafkaOwnTables } from './transport-settings.ts';
import { unappliedMessages } from './unapplied-messages.ts';

export interface KafkaTransport extends Transport {
  readonly kind: 'kafka';
  readonly settings: KafkaTransportSettings;
}

export const kafkaCarrier = 'Kafka Connect';

/** Debezium on Kafka Connect carries the changes into topics; the worker reads them from there. */
export function kafkaTransport(settings: KafkaTransportSettings): KafkaTransport {
  const slotOf = ({ context, direction, url }: StreamSource): string =>
    replicationNames(context, direction, databaseName(url)).slot;

  return {
    kind: 'kafka',
    settings,
    ownTables: kafkaOwnTables,
    carrier: kafkaCarrier,
    // A connector that is registered begins to run some seconds later, on a busy Connect cluster many.
    proofTimeoutMs: 60_000,
    assertUsable: (ends) => assertKafkaUsable(settings, ends),
    plan: (ends, options) => plannedConnector(settings, ends, options),
    health: (ends) => kafkaHealth(settings, ends),
    check: (ends, options) => checkKafka(settings, ends, options),
    resync: (ends) => kafkaResync(settings, ends),

    async announce(source) {
      await refuseUnsupportedColumns(source.client, settings.carried?.[source.direction] ?? []);
      await installReplicaSchema(source.client);
      // A connector of an earlier stream would read the new slot.
      await removeStreams(settings, source, slotOf(source));
      await noteNewStream(source.client, source.context, source.direction, slotOf(source));
    },

    async ensure(source, { tables, signal, onDifference }) {
      const { context, direction, client } = source;
      const note = await requireStreamNote(client, context, direction);
      // Before the offset is read below: a running connector moves the offset, then the slot.
      const { confirmed } = await requireSlot(client, slotOf(source));
      await refuseSlotMadeAnew(client, { ...source, stream: note.name, slot: slotOf(source) });
      await refuseUnsupportedColumns(client, settings.carried?.[direction] ?? []);
      const plan = await planKafkaStream(settings, source, note.name, tables);
      const connect = new ConnectClient(settings.connectUrl, { signal });
      // What was never read has no topic: its table was taken into the context since.
      const running = await connect.config(note.name);
      const coming = new Set(
        [...tableTopics(note.name, tables)].flatMap(([topic, table]) =>
          running === undefined || readsTable(running, table) ? [] : [topic],
        ),
      );
      await withAdmin(settings.kafka, `Cannot make the topics of ${context}`, (admin) =>
        ensureTopics(admin, plan.topics, { expected: note.beat > 0n, coming, onDifference }),
      );
      refuseSlotAhead(
        note.name,
        slotOf(source),
        confirmed,
        newestOffset(await connect.offset(note.name)),
      );
      await ensureConnector(connect, plan, {
        signal,
        onDifference,
        timeoutMs: settings.startTimeoutMs ?? 90_000,
        reading: async () => (await slotStatus(client, slotOf(source)))?.active === true,
      });
    },

    async open(source, { from, checkpoint, tables, signal }) {
      const { context, direction, client, url } = source;
      const { name } = await requireStreamNote(client, context, direction);
      // kafkajs is loaded by whoever reads.
      const { openKafkaStream } = await import('./open-kafka-stream.ts');
      const connect = new ConnectClient(settings.connectUrl);
      return openKafkaStream({
        kafka: settings.kafka,
        context,
        direction,
        streamName: name,
        from,
        checkpoint,
        tables,
        carried: settings.carried?.[direction],
        sourceUrl: url,
        signal,
        async assertConnector(quiet) {
          const status = await connect.status(name);
          const failure = failureOf(status);
          if (failure !== null) throw connectorFailure(name, failure);
          // Somebody deleted or paused it; the worker's next start puts it to work again and says so.
          if (quiet && !isRunning(status))
            throw new StranglerError(
              'CONNECTOR_FAILED',
              `Connector ${name} ${status === undefined ? 'does not exist any more' : `is ${status.state}`}: no change arrives`,
              { details: { connector: name } },
            );
        },
      });
    },

    remove: (source) => removeStreams(settings, source, slotOf(source)),

    // The reader beats when it is asked where it stands.
    nudge: async () => {},

    async unapplied({ context, direction, client }, { checkpoint, tables, signal }) {
      const { name } = await requireStreamNote(client, context, direction);
      if (signal.aborted) throw new StranglerError('CANCELLED', 'Cancelled');
      return unappliedMessages({ kafka: settings.kafka, stream: name, tables, checkpoint, signal });
    },
  };
}
