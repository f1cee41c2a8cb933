import pg from 'pg';

/**
 * A connection of our own to the control database. Every query has a time limit: a database that swallows packets must look
 * dead, not slow.
 */
export async function openSession(url: string, applicationName: string, onLost: () => void, queryTimeoutMs = 3_000): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName.slice(0, 63),
    connectionTimeoutMillis: 3_000,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  });
  client.on('error', onLost);
  client.on('end', onLost);
  await client.connect();
  return client;
}
