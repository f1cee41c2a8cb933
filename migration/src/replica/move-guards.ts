import { StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { hasTable } from './schema.ts';

/**
 * Fencing token of a move, kept in the data databases themselves.
 *
 * A lease alone cannot stop a process that was paused (SIGSTOP, swap, a long network stall) between checking its lease and
 * acting: it wakes up a minute later and removes a fence that meanwhile protects somebody else's data. So every change that
 * a move makes in a data database happens in a transaction that first claims this row: a number that grows with every move
 * and every recovery. Whoever takes over claims the row in both databases before it decides anything. From then on the old
 * process is refused, and what it did before is seen, and undone or completed, by the new one.
 */
export interface MoveGuard {
  readonly context: string;
  /** Which control database numbers the moves: a rebuilt one starts over. */
  readonly control: string;
  readonly number: string;
}

/** Call inside a transaction; holds the row until its end, so that two movers never interleave. */
export async function claim(client: Client, guard: MoveGuard): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO strangler.move_guards AS held (context, control, number) VALUES ($1, $2, $3)
     ON CONFLICT (context) DO UPDATE SET control = excluded.control, number = excluded.number, at = clock_timestamp()
       WHERE held.control <> excluded.control OR held.number <= excluded.number`,
    [guard.context, guard.control, guard.number],
  );
  if (rowCount === 0) {
    throw new StranglerError(
      'LEASE_LOST',
      `another command took over the move of context ${guard.context}; this one (number ${guard.number}) changed nothing more`,
    );
  }
}

/** The highest number that claimed this database, 0 when none did. */
export async function readMoveNumber(client: Client, context: string): Promise<bigint> {
  if (!(await hasTable(client, 'move_guards'))) return 0n;
  const { rows } = await client.query<{ number: string }>(
    'SELECT number::text AS number FROM strangler.move_guards WHERE context = $1',
    [context],
  );
  return BigInt(rows[0]?.number ?? 0);
}

/** Runs `work` in one transaction that holds the claim. */
export async function guarded<T>(
  client: Client,
  guard: MoveGuard | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await client.query('BEGIN');
  try {
    if (guard) await claim(client, guard);
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
