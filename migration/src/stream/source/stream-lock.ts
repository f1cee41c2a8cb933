import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
import type { StreamSource } from '../transport.ts';

/** Two numbers that no other lock of ours has. */
const key = `hashtext('strangler stream'), hashtext($1)`;

/**
 * One process at a time makes, mends or removes what carries a stream. A worker that was paused before it registered a
 * connector would otherwise register it again after a move has removed it, and with it the slot, which then pins WAL for
 * ever. The lock belongs to the connection through which the work is done, and whoever waits in vain ends that connection: a
 * holder that sleeps finds, when it wakes, that it can neither read the stream's name nor write one.
 *
 * `lasting: 'transaction'` inside a transaction, whose end releases it, also when it failed.
 */
export async function withStreamLock<T>(
  { client, context, direction }: Pick<StreamSource, 'client' | 'context' | 'direction'>,
  lasting: 'session' | 'transaction',
  work: () => Promise<T>,
  patienceMs = 5000,
): Promise<T> {
  const name = [`${context} ${direction}`];
  const lock = lasting === 'session' ? 'pg_try_advisory_lock' : 'pg_try_advisory_xact_lock';
  const began = performance.now();
  for (;;) {
    const { rows } = await client.query<{ locked: string }>(
      `SELECT ${lock}(${key})::text AS locked`,
      name,
    );
    if (rows[0]?.locked === 'true') break;
    const waited = performance.now() - began;
    if (waited > 2 * patienceMs)
      throw new StranglerError(
        'TIMEOUT',
        `another process has been changing the ${direction} stream of ${context} for ${Math.round(waited / 1000)} s`,
      );
    if (waited > patienceMs) await endHolder(client, name);
    await pause(50, new AbortController().signal);
  }
  try {
    return await work();
  } finally {
    if (lasting === 'session')
      await client.query(`SELECT pg_advisory_unlock(${key})`, name).catch(() => {});
  }
}

async function endHolder(client: StreamSource['client'], name: readonly string[]): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND database = (SELECT oid
       FROM pg_database WHERE datname = current_database())
       AND (classid, objid) = (hashtext('strangler stream')::oid, hashtext($1)::oid) AND objsubid = 2`,
    [...name],
  );
}
