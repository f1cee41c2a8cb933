import type pg from 'pg';

export interface SlotHealth {
  readonly name: string;
  readonly active: boolean;
  /** reserved, extended, unreserved or lost, as the server says it. */
  readonly walStatus: string;
  /** Bytes of log that the server keeps because of this slot. */
  readonly keptBytes: number;
  /** Bytes that may still be written before the slot is lost; null: no limit is set. */
  readonly safeBytes: number | null;
  /** Bytes between what its reader has confirmed and the end of the log. */
  readonly behindBytes: number;
  readonly confirmed: string | null;
}

/** `null`: there is no such slot. */
export async function slotHealth(client: pg.Client, slot: string): Promise<SlotHealth | null> {
  const { rows } = await client.query<
    Record<'active' | 'wal_status' | 'kept' | 'safe' | 'behind' | 'confirmed', string | null>
  >(
    `SELECT active::text AS active, wal_status, safe_wal_size::text AS safe,
            greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::text AS kept,
            greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn))::text AS behind,
            confirmed_flush_lsn::text AS confirmed
     FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    name: slot,
    active: row.active === 'true',
    walStatus: row.wal_status ?? 'unknown',
    keptBytes: Number(row.kept ?? 0),
    safeBytes: row.safe === null ? null : Number(row.safe),
    behindBytes: Number(row.behind ?? 0),
    confirmed: row.confirmed,
  };
}
