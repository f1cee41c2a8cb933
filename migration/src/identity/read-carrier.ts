import type pg from 'pg';
import type { CarrierIdentity } from './identity.ts';

export interface CarrierPlace {
  /** Of the program that reads the slot. */
  readonly name: string;
  readonly slot: string;
}

export const carrierPlace = (
  name: string | undefined,
  { slot }: { readonly slot: string },
): CarrierPlace | undefined => (name === undefined ? undefined : { name, slot });

/**
 * Every start and every broken connection gives the reader of a slot another process on the server, and the server's own start
 * tells numbers of processes apart that came again. Both are there for every role.
 */
export async function readCarrier(
  source: pg.Client,
  { name, slot }: CarrierPlace,
): Promise<CarrierIdentity> {
  const { rows } = await source.query<{ session: string | null }>(
    `SELECT active_pid || '@' || (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint AS session
      FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return { name, session: rows[0]?.session ?? null };
}
