import pg from 'pg';
import { StranglerError } from '../errors.ts';
import { describeUrl, toStranglerError } from './database-error.ts';

export interface ConnectOptions {
  readonly applicationName: string;
  /** Opens a walsender connection that understands the replication protocol. */
  readonly replication?: boolean;
  /** Milliseconds to wait for the connection (default 5000). */
  readonly timeoutMs?: number;
}

const asText = { getTypeParser: () => (value: unknown) => value };

/** One text form for every value, on every connection: what one database writes another can read. */
const session = "-c TimeZone=UTC -c DateStyle=ISO,MDY -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1 -c client_encoding=UTF8";

/**
 * A connection whose values all come back as PostgreSQL text (numbers and times would lose digits as JavaScript values).
 * @throws StranglerError DB_UNREACHABLE, DB_AUTH, NO_REPLICATION_SLOTS, WAL_LEVEL
 */
export async function connect(url: string, options: ConnectOptions): Promise<pg.Client> {
  const where = `database ${describeUrl(url)}`;
  const config: pg.ClientConfig & { replication?: string } = {
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.timeoutMs ?? 5000,
    keepAlive: true,
    types: asText,
    options: session,
    ...(options.replication ? { replication: 'database' } : {}),
  };
  let client: pg.Client;
  try {
    client = new pg.Client(config);
  } catch (error) {
    throw new StranglerError('DB_UNREACHABLE', `${where}: the URL cannot be used`, { cause: error });
  }
  // A connection that dies between queries reports here as well as at the next query; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const known = toStranglerError(error, where);
    await client.end().catch(() => {});
    throw known === error ? new StranglerError('DB_UNREACHABLE', `${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }) : known;
  }
  return client;
}
