import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect } from '../../database/connect.ts';
import { databaseFailure } from '../../database/failures.ts';
import { quoteIdentifier, quoteLiteral } from '../../database/identifiers.ts';
import { lsnFromText } from '../../database/lsn.ts';
import { serverVersion } from '../../database/server-version.ts';
import { knows } from '../../database/supported-versions.ts';
import type { Lsn } from '../change-event.ts';

export interface SlotStatus {
  readonly name: string;
  readonly plugin: string;
  readonly database: string;
  readonly active: boolean;
  readonly activePid: number | null;
  /** Where the server will go on; everything before is forgotten. */
  readonly confirmed: Lsn | null;
  /** Bytes of log that the server keeps because of this slot. */
  readonly retainedBytes: bigint;
  /** Set when the server gave the slot up: changes are missing. */
  readonly lost: string | null;
}

interface SlotRow {
  plugin: string;
  database: string;
  active: string;
  active_pid: string | null;
  confirmed: string | null;
  retained: string | null;
  wal_status: string | null;
  reason: string | null;
}

/** `null` when there is no such slot. */
export async function slotStatus(client: pg.Client, slot: string): Promise<SlotStatus | null> {
  // A literal, because a walsender connection takes no parameters. to_jsonb: the columns that tell
  // why a slot was given up differ between server versions.
  const { rows } = await client.query<SlotRow>(
    `SELECT s.plugin, s.database, s.active, s.active_pid, s.confirmed_flush_lsn AS confirmed, to_jsonb(s) ->> 'wal_status' AS wal_status,
            coalesce(to_jsonb(s) ->> 'invalidation_reason', CASE WHEN to_jsonb(s) ->> 'conflicting' = 'true' THEN 'conflict' END) AS reason,
            CASE WHEN pg_is_in_recovery() THEN NULL ELSE greatest(0, pg_current_wal_lsn() - s.restart_lsn) END::bigint AS retained
     FROM pg_replication_slots s WHERE s.slot_name = ${quoteLiteral(slot)}`,
  );
  const row = rows[0];
  if (!row) return null;
  return {
    name: slot,
    plugin: row.plugin,
    database: row.database,
    active: row.active === 't',
    activePid: row.active_pid === null ? null : Number(row.active_pid),
    confirmed: row.confirmed === null ? null : lsnFromText(row.confirmed),
    retainedBytes: BigInt(row.retained ?? 0),
    lost: row.reason ?? (row.wal_status === 'lost' ? 'wal_removed' : null),
  };
}

/** @throws StranglerError SLOT_LOST when there is no such slot, or the server gave it up */
export async function requireSlot(client: pg.Client, slot: string): Promise<SlotStatus> {
  const status = await slotStatus(client, slot);
  if (status === null)
    throw new StranglerError('SLOT_LOST', `Replication slot ${slot} does not exist`, {
      details: { slot },
    });
  if (status.lost !== null)
    throw new StranglerError(
      'SLOT_LOST',
      `The server gave up replication slot ${slot} (${status.lost}): it removed log that was still needed`,
      { details: { slot, reason: status.lost } },
    );
  return status;
}

/**
 * Where the server knows it a standby takes the slot along, so that the stream goes on after a planned failover.
 * The words for SQL, and for a walsender.
 */
async function failover(client: pg.Client): Promise<{ sql: string; command: string }> {
  return knows(await serverVersion(client), 'failoverSlots')
    ? { sql: ', failover => true', command: `(SNAPSHOT 'export', FAILOVER true)` }
    : { sql: '', command: 'EXPORT_SNAPSHOT' };
}

/** A logical slot, as one statement; it waits for every transaction that runs now. */
export const makingSlot = async (client: pg.Client): Promise<string> =>
  `SELECT lsn::text AS lsn FROM pg_create_logical_replication_slot($1, 'pgoutput'${(await failover(client)).sql})`;

const creating = (slot: string): string =>
  `Cannot create replication slot ${slot} (needs ALTER ROLE … REPLICATION, wal_level = logical and a free slot)`;

/** Makes the slot if it is not there. Waits for transactions that run right now. Returns where its changes begin. */
export async function createSlot(
  client: pg.Client,
  slot: string,
): Promise<{ created: boolean; position: Lsn }> {
  try {
    const { rows } = await client.query<{ lsn: string }>(await makingSlot(client), [slot]);
    return { created: true, position: lsnFromText(rows[0]?.lsn ?? '') };
  } catch (error) {
    const existing = codeOf(error) === '42710' ? await slotStatus(client, slot) : null;
    if (existing?.confirmed !== null && existing?.confirmed !== undefined)
      return { created: false, position: existing.confirmed };
    throw databaseFailure(error, creating(slot));
  }
}

export interface SlotWithSnapshot {
  readonly slot: string;
  /** The snapshot shows exactly what was committed before this position; the slot gives what comes after. */
  readonly position: Lsn;
  /** For SET TRANSACTION SNAPSHOT in other sessions, until `close`. */
  readonly snapshot: string;
  close(): Promise<void>;
}

/**
 * A new slot and the snapshot of its starting point: copy in the snapshot, then stream, and no change is missed or doubled.
 * @throws StranglerError SLOT_BUSY if the slot exists: drop it first, its position is another one
 */
export async function createSlotWithSnapshot(
  url: string,
  slot: string,
  signal?: AbortSignal,
  /** The slot goes with `close`: only the snapshot and its position are wanted. */
  temporary = false,
): Promise<SlotWithSnapshot> {
  const client = await connect(url, { applicationName: 'strangler-snapshot', replication: true });
  const abandon = (): void => void client.end().catch(() => {});
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    const { rows } = await client.query<{ consistent_point: string; snapshot_name: string }>(
      temporary
        ? `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`
        : `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} LOGICAL pgoutput ${(await failover(client)).command}`,
    );
    const row = rows[0];
    if (!row)
      throw new StranglerError('INTERNAL', `CREATE_REPLICATION_SLOT ${slot} answered nothing`);
    return {
      slot,
      position: lsnFromText(row.consistent_point),
      snapshot: row.snapshot_name,
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => {});
    if (signal?.aborted)
      throw new StranglerError('CANCELLED', `Creating replication slot ${slot} was cancelled`, {
        cause: error,
      });
    if (codeOf(error) === '42710')
      throw new StranglerError('SLOT_BUSY', `Replication slot ${slot} exists already`, {
        cause: error,
        remedy: 'Drop the slot first: an initial copy needs a new one.',
      });
    throw databaseFailure(error, creating(slot));
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

/** Drops the slot; waits a while for its reader to go. Absent is fine. */
export async function dropSlot(
  client: pg.Client,
  slot: string,
  { timeoutMs = 5000 }: { readonly timeoutMs?: number } = {},
): Promise<'dropped' | 'absent'> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const { rowCount } = await client.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      return rowCount === 0 ? 'absent' : 'dropped';
    } catch (error) {
      if (codeOf(error) === '42704') return 'absent';
      if (codeOf(error) !== '55006')
        throw databaseFailure(error, `Cannot drop replication slot ${slot}`);
      if (performance.now() >= deadline)
        throw new StranglerError(
          'SLOT_BUSY',
          `Replication slot ${slot} is still read by another process`,
          { cause: error },
        );
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
}
