import type { Client } from 'pg';

/**
 * Drops a slot even if a reader still holds it: a stream that has ended must not pin WAL. Call it in a transaction that
 * holds the move guard: slots have no fencing token of their own, and an overtaken process that woke up here would drop the
 * slot of a later stream of the same name.
 */
export async function dropSlotAndReader(
  client: Client,
  slot: string,
  withinMs: number,
): Promise<'dropped' | 'absent' | 'in use'> {
  const end = performance.now() + withinMs;
  for (;;) {
    const { rows } = await client.query<{ pid: string | null }>(
      'SELECT active_pid::text AS pid FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    const found = rows[0];
    if (!found) return 'absent';
    if (found.pid === null) {
      // Another reader may slip in between: then the slot is in use again, and we look again.
      const dropped = await client
        .query('SAVEPOINT slot')
        .then(() => client.query('SELECT pg_drop_replication_slot($1)', [slot]))
        .then(
          () => true,
          () => false,
        );
      await client.query(dropped ? 'RELEASE SAVEPOINT slot' : 'ROLLBACK TO SAVEPOINT slot');
      if (dropped) return 'dropped';
    } else {
      await client.query('SELECT pg_terminate_backend($1::int)', [found.pid]);
    }
    if (performance.now() >= end) return 'in use';
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
