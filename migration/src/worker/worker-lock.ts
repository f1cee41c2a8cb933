import type pg from 'pg';
import { connect } from '../database/connect.ts';

export interface WorkerLock {
  /** Aborts when the connection that holds the lock is gone: another worker may have it now. */
  readonly lost: AbortSignal;
  /** Asks the server; a process that slept learns here that others went on. @throws when the lock is lost */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** One worker per context: null when another one is at work. The lock lives as long as its connection. */
export async function tryWorkerLock(
  controlUrl: string,
  context: string,
): Promise<WorkerLock | null> {
  const client: pg.Client = await connect(controlUrl, {
    applicationName: `strangler-worker-${context}`,
  });
  const lost = new AbortController();
  const lose = (): void => lost.abort(new Error('connection to the control database terminated'));
  client.once('end', lose);
  client.once('error', lose);
  try {
    const { rows } = await client.query<{ locked: string }>(
      `SELECT pg_try_advisory_lock(hashtext('strangler worker'), hashtext($1)) AS locked`,
      [context],
    );
    if (rows[0]?.locked === 't') {
      return {
        lost: lost.signal,
        check: async () => void (await client.query('SELECT 1')),
        release: () => client.end().catch(() => undefined),
      };
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end().catch(() => undefined);
  return null;
}
