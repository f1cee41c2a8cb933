import { directionFrom, type Side, streamsAt } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { contextTables } from '../../cutover/index.ts';
import type { Report } from '../../findings/check.ts';
import type { ReplicationNames } from '../../stream/source/replication-names.ts';
import type { ServerFacts } from '../database-checks.ts';
import type { Patient } from './context-check.ts';

interface Slot {
  readonly walStatus: string | null;
  readonly active: boolean;
  readonly retainedBytes: number;
}

export async function readSlot(client: pg.Client, name: string): Promise<Slot | undefined> {
  const { rows } = await client.query<{
    wal_status: string | null;
    active: string;
    retained: string | null;
  }>(
    `SELECT wal_status, active::text AS active, pg_wal_lsn_diff(pg_current_wal_lsn(),
      restart_lsn)::text AS retained FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  const row = rows[0];
  return (
    row && {
      walStatus: row.wal_status,
      active: row.active === 'true',
      retainedBytes: Number(row.retained ?? 0),
    }
  );
}

const retained = (slot: Slot): string =>
  `${Math.round(slot.retainedBytes / 1_048_576)} MB of WAL retained`;

/** Whether the server has a slot and a sender left; the stream's own count as such. */
export function reportRoom(on: {
  readonly side: Side;
  readonly facts: ServerFacts;
  readonly slot: Slot | undefined;
  readonly report: Report;
}): void {
  const { slots, senders } = on.facts;
  on.report({
    kind: 'slots',
    check: `${on.side} replication slots`,
    ok: on.slot !== undefined || slots.limit > slots.used,
    expected: 'one free',
    actual: `${slots.used} of ${slots.limit} used`,
    remedy: 'Raise max_replication_slots, or drop a slot that nobody uses.',
  });
  on.report({
    kind: 'senders',
    check: `${on.side} WAL senders`,
    ok: on.slot?.active === true || senders.used < senders.limit,
    expected: 'one free',
    actual: `${senders.used} of ${senders.limit} used`,
    remedy: 'Raise max_wal_senders.',
  });
}

interface StreamSource {
  readonly side: Side;
  readonly client: pg.Client;
  readonly names: ReplicationNames;
  readonly slot: Slot | undefined;
}

/** The owner's side has both while it streams; nobody else has a slot. */
export async function checkSlotAndPublication(
  { kit, definition, control, report }: Patient,
  { side, client, names, slot }: StreamSource,
): Promise<void> {
  const row = await kit.row(definition);
  if (row.owner !== side || !streamsAt(row.stage)) {
    if (slot && !slot.active)
      report({
        check: `${side} slot ${names.slot}`,
        ok: false,
        expected: 'none at this stage',
        actual: `left over, ${retained(slot)}`,
        remedy: `SELECT pg_drop_replication_slot('${names.slot}')`,
      });
    return;
  }
  const watermark = await control.watermarks.get(definition.context, directionFrom(side));
  if (!watermark) return;
  if (watermark.state !== 'copying')
    report({
      check: `${side} slot ${names.slot}`,
      ok: slot !== undefined && slot.walStatus !== 'lost',
      expected: 'present, not lost',
      actual: slot ? `${slot.walStatus}, ${retained(slot)}` : 'missing',
      remedy: `Changes may be missing: strangler replicate ${definition.context} --restart`,
    });
  const expected = contextTables(definition)
    [side].map((table) => `${table.schema}.${table.table}`)
    .sort()
    .join(', ');
  const actual = (await publishedTables(client, names.publication)).sort().join(', ');
  report({
    check: `${side} publication ${names.publication}`,
    ok: actual === expected,
    expected,
    actual: actual || 'missing or empty',
    remedy: `Start the worker again: strangler replicate ${definition.context}`,
  });
}

/** The context's tables in a publication; ours are the transport's business. */
async function publishedTables(client: pg.Client, publication: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = $1
      AND schemaname <> 'strangler' ORDER BY 1`,
    [publication],
  );
  return rows.map((table) => table.name);
}
