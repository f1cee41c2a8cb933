import { displayTable } from '../../../database/identifiers.ts';
import { heartbeatTable } from '../../../replica/heartbeats.ts';
import { type Direction, sourceOf } from '@strangler-toolkit/plan';
import { databaseName } from '../../../database/connect.ts';
import { replicationNames } from '../../source/replication-names.ts';
import { slotHealth, type SlotHealth } from '../../source/slot-health.ts';
import { planKafkaStream } from '../plan-stream.ts';
import { readStreamNote } from '../../../replica/heartbeats.ts';
import { checkConnector } from './check-connector.ts';
import { checkTopics } from './check-topics.ts';
import { anew, type Patient } from './patient.ts';

/** Note, slot, connector, heartbeat and topics of the direction that streams. */
export async function checkStream(
  patient: Patient,
  direction: Direction,
  reachable: { readonly kafka: boolean; readonly connect: boolean },
): Promise<void> {
  const { context, settings, report } = patient;
  const ends = patient.ends[direction];
  const { slot: name } = replicationNames(context, direction, databaseName(ends.url));
  await ends.withSource(async (source) => {
    const { client } = source;
    const note = await readStreamNote(client, context, direction);
    report({
      check: 'stream',
      ok: note !== null,
      expected: `noted in ${displayTable(heartbeatTable)}`,
      actual: note?.name ?? 'missing',
      remedy: anew(context),
    });
    const slot = await slotHealth(client, name);
    if (slot !== null && slot.walStatus !== 'lost') checkSlot(patient, slot);
    if (note === null) return;
    const plan = await planKafkaStream(settings, source, note.name, ends.tables);
    if (reachable.connect) await checkConnector(patient, note.name, plan.config, slot);
    if (slot !== null)
      report({
        check: 'heartbeat',
        ok: note.beatAgeSeconds < 60,
        expected: 'within 60 s',
        actual: `${note.beatAgeSeconds.toFixed(1)} s ago`,
        remedy:
          `The connector does not write to ${displayTable(heartbeatTable)} of the ` +
          `${sourceOf(direction)}'s database, so log is kept there: see the checks of the ` +
          `connector, and its user's right to update that table.`,
      });
    if (reachable.kafka) await checkTopics(patient, direction, note.name, plan.topics);
  });
}

const megabytes = (count: number): string => `${Math.round(count / 1_048_576)} MB`;

function checkSlot({ report }: Patient, slot: SlotHealth): void {
  report({
    check: 'slot is read',
    ok: slot.active,
    expected: 'by the connector',
    actual: slot.active ? 'by the connector' : 'by nobody',
    remedy:
      'See the checks of the connector. When it is RUNNING all the same it cannot reach the ' +
      'database, or the slot is gone: the log of Kafka Connect says which.',
  });
  const short =
    slot.walStatus === 'unreserved' || (slot.safeBytes !== null && slot.safeBytes < slot.keptBytes);
  const limit =
    slot.safeBytes === null
      ? 'no limit is set'
      : `${megabytes(Math.max(0, slot.safeBytes))} until the slot is lost`;
  report({
    check: 'log kept for the slot',
    ok: slot.keptBytes < keptLimit && !short,
    expected: `under ${megabytes(keptLimit)}, and more room than that`,
    actual: `${megabytes(slot.keptBytes)} (${slot.walStatus}), ${limit}`,
    remedy:
      'The connector does not confirm what it reads: see its checks. Before the disk is full, ' +
      'stop it for good with strangler rollback, or let max_slot_wal_keep_size give up the ' +
      'slot.',
  });
}

/** More than a connector that runs leaves unconfirmed. */
const keptLimit = 1_073_741_824;
