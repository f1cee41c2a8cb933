import pg from 'pg';
import type { Channel } from '@strangler-toolkit/plan';

/**
 * LISTENs on a connection of its own and comes back after every loss. A notification is a hint: after a reconnection the
 * callback runs once with '' because something may have been missed, and callers poll as well.
 */
export async function listen(
  url: string,
  channel: Channel,
  callback: (payload: string) => void,
): Promise<() => Promise<void>> {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  const open = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'strangler-listen',
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    });
    next.on('error', () => {});
    next.on('end', () => {
      if (client === next) retry();
    });
    next.on('notification', ({ payload }) => callback(payload ?? ''));
    client = next;
    try {
      await next.connect();
      await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      client = undefined;
      await next.end().catch(() => {});
      throw error;
    }
  };
  const retry = (): void => {
    client = undefined;
    if (stopped) return;
    timer = setTimeout(() => void reopen(), 500);
    timer.unref();
  };
  const reopen = async (): Promise<void> => {
    try {
      await open();
    } catch {
      return retry();
    }
    callback('');
  };
  await open();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    const last = client;
    client = undefined;
    await last?.end().catch(() => {});
  };
}
