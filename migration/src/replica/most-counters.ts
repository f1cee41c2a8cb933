import type pg from 'pg';

/**
 * How many counters a context may have: a transaction that reads, sets or drops them all locks each, and all transactions of
 * a server share the slots of its lock table. A quarter is left to one, so that a large context never uses up what business
 * transactions need.
 */
export const mostCounters = (slots: number): number =>
  Math.min(1600, Math.max(2, Math.floor(slots / 4)));

export async function lockSlots(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ slots: string }>(
    `SELECT (current_setting('max_locks_per_transaction')::bigint
       * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint))::text AS slots`,
  );
  return Number(rows[0]?.slots ?? 0);
}
