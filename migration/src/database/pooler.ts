import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';

const backendPid = async (client: pg.Client): Promise<string> =>
  (await client.query<{ pid: string }>('SELECT pg_backend_pid()::text AS pid')).rows[0]?.pid ?? '';

/** The process that the server (or whoever answered) said this connection has. */
const announcedPid = (client: pg.Client): string => String(Reflect.get(client, 'processID'));

/**
 * Refuses a pooler that gives each transaction another session: settings, advisory locks and prepared statements would be lost
 * between two statements, or be found by somebody else. To be asked before anything is set in the session. A pooler announces a
 * process that is not the server's; whether it keeps a session together is tried with a second connection.
 * @throws StranglerError DB_POOLER
 */
export async function refusePooler(
  client: pg.Client,
  where: string,
  another: () => Promise<pg.Client>,
): Promise<void> {
  const pid = await backendPid(client);
  if (pid === announcedPid(client)) return;
  const other = await another();
  try {
    await other.query('BEGIN');
    const taken = await backendPid(other);
    if (taken !== pid && (await backendPid(client)) === pid) return;
  } finally {
    await other.query('ROLLBACK').catch(() => {});
    await other.end().catch(() => {});
  }
  throw new StranglerError(
    'DB_POOLER',
    `${where} is a pooler that gives each transaction another session of the database`,
    { details: { where } },
  );
}
