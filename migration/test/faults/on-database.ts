import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';

/** One piece of work on a connection of its own; a connection that breaks shows in the work. */
export async function onDatabase<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(url, { applicationName: 'test' });
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
