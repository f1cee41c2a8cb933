import { databaseName } from '../../../database/connect.ts';
import { replicationNames } from '../../source/replication-names.ts';
import { slotHealth } from '../../source/slot-health.ts';
import { Asked, type ConnectorHealth, type StreamHealth } from '../../stream-health.ts';
import type { StreamEnds } from '../../transport.ts';
import { type ConnectorStatus, failureOf, traceReason } from '../connect-client.ts';
import { readStreamNote } from '../../../replica/heartbeats.ts';
import type { KafkaTransportSettings } from '../transport-settings.ts';
import { appliedPartitions } from './applied-partitions.ts';
import { lookingClient } from './looking-client.ts';

/** Slot, connector and topics, each asked though another one does not answer. */
export async function kafkaHealth(
  settings: KafkaTransportSettings,
  ends: StreamEnds,
): Promise<StreamHealth> {
  const { context, direction, url, signal } = ends;
  const asked = new Asked();
  const found = await asked.attempt(() =>
    ends.withSource(async ({ client }) => ({
      slot: await slotHealth(client, replicationNames(context, direction, databaseName(url)).slot),
      note: await readStreamNote(client, context, direction),
    })),
  );
  const { slot = null, note = null } = found ?? {};
  const { problems } = asked;
  const known = { direction, transport: 'kafka', slot, problems } as const;
  if (note === null) return { ...known, connector: null, beatAgeSeconds: null, partitions: null };
  const status = await asked.attempt(() => lookingClient(settings, signal).status(note.name));
  const partitions = await asked.attempt(() => appliedPartitions(ends, settings, note.name));
  return {
    ...known,
    connector: status === null ? null : connectorHealth(note.name, status),
    beatAgeSeconds: note.beatAgeSeconds,
    partitions,
  };
}

function connectorHealth(name: string, status: ConnectorStatus | undefined): ConnectorHealth {
  const failure = failureOf(status);
  return {
    name,
    state: status?.state ?? 'missing',
    tasks: status?.tasks.map(({ state }) => state) ?? [],
    failure: failure === null ? null : traceReason(failure),
    worker: status?.tasks[0]?.worker ?? status?.worker ?? null,
  };
}
