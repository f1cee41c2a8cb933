import pg from 'pg';

/**
 * A connection of our own to the control database. Every query has a time limit: a database that swallows packets must look
 * dead, not slow.
 */
export async function openSession(
  url: string,
  applicationName: string,
  onLost: (client: pg.Client) => void,
  queryTimeoutMs = 3_000,
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName.slice(0, 63),
    connectionTimeoutMillis: 3_000,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  });
  let connected = false;
  // before the connection stands, its failure is the caller's to catch; an error event without a listener would end the process
  const lost = (): void => {
    if (connected) onLost(client);
  };
  client.on('error', lost);
  client.on('end', lost);
  await client.connect();
  connected = true;
  return client;
}
