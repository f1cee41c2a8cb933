import { Duplex } from 'node:stream';
import { StranglerError, tlsFailure } from '@strangler-toolkit/plan';
import pg from 'pg';
import { databaseFailure } from './failures.ts';
import { quoteLiteral } from './identifiers.ts';
import { refusePooler } from './pooler.ts';
import { serverVersion } from './server-version.ts';
import { requireSupported } from './supported-versions.ts';

export interface ConnectOptions {
  readonly applicationName: string;
  /** A walsender of the database: for replication commands and CREATE_REPLICATION_SLOT. */
  readonly replication?: boolean;
  readonly connectTimeoutMs?: number;
}

/**
 * What every session of ours sets, because a role, a database or a server may have something else: values survive the way
 * from one database to the other as text, names mean the same, and nothing ends a long copy or hides a row.
 */
const sessionSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: 'C',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  // Without it {NULL} would be read as a text.
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  search_path: 'public',
  // An index search would give back some rows at random.
  gin_fuzzy_search_limit: '0',
  // A policy that hides rows from us becomes an error instead.
  row_security: 'off',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  // A default of a few seconds would end copies and long reads in the middle.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** Set only where something else stands: older servers do not know some of them, setting others needs a right. */
const conditionalSettings = `
SELECT set_config(name, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'transaction_timeout']) AS name
 WHERE current_setting(name, true) <> '0';
SELECT set_config('session_replication_role', 'origin', false) WHERE current_setting('session_replication_role') <> 'origin';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

const setSession = [
  ...Object.entries(sessionSettings).map(([name, value]) =>
    // A list of schemas is no single text.
    name === 'search_path' ? `SET ${name} = ${value}` : `SET ${name} = ${quoteLiteral(value)}`,
  ),
  conditionalSettings,
].join(';');

/** A session that was used is as a new one: also what somebody set for it alone is forgotten. */
export const renewSession = async (client: pg.Client): Promise<void> =>
  void (await client.query(`RESET ALL;${setSession}`));

const asText: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value };

/** `host:port/database`, without user and password: for messages. */
export function describeDatabase(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname || 'localhost'}:${port || '5432'}${decodeURIComponent(pathname)}`;
  } catch {
    return 'a database URL that cannot be read';
  }
}

/** Name of the database that a URL points at. */
export const databaseName = (url: string): string =>
  decodeURIComponent(new URL(url).pathname.slice(1)) || decodeURIComponent(new URL(url).username);

/**
 * A connection on which every value is PostgreSQL's text.
 * @throws StranglerError DB_UNREACHABLE, TLS_FILE, TLS_FAILED, DB_AUTH, DB_PRIVILEGE, DB_POOLER, DB_VERSION, NO_REPLICATION_SLOTS
 */
export async function connect(url: string, options: ConnectOptions): Promise<pg.Client> {
  const where = describeDatabase(url);
  const client = newClient(url, options);
  try {
    await client.connect();
    // A walsender is never pooled.
    if (!options.replication)
      await refusePooler(client, where, async () => {
        const other = newClient(url, options);
        await other.connect();
        return other;
      });
    requireSupported(await serverVersion(client), where);
    await client.query(setSession);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw databaseFailure(error, `Cannot connect to ${where}`, 'DB_UNREACHABLE');
  }
}

/** A session as it comes, of a pooler perhaps: nothing is set in it, because somebody else gets it next. */
export async function withPooledSession<T>(
  url: string,
  options: ConnectOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = newClient(url, options);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw databaseFailure(error, `Cannot connect to ${describeDatabase(url)}`, 'DB_UNREACHABLE');
  } finally {
    await client.end().catch(() => {});
  }
}

function newClient(url: string, options: ConnectOptions): pg.Client {
  try {
    // `replication` is read by pg but missing from its types.
    const config: pg.ClientConfig & { replication?: string } = {
      connectionString: url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
      keepAlive: true,
      types: asText,
      ...(options.replication ? { replication: 'database' } : {}),
    };
    const client = new pg.Client(config);
    // Without a listener a server that goes away would end the process; the next query fails and tells.
    client.on('error', () => {});
    return client;
  } catch (error) {
    // pg reads the URL's certificates here.
    if (tlsFailure(error) !== undefined)
      throw databaseFailure(error, `Cannot connect to ${describeDatabase(url)}`);
    throw new StranglerError(
      'DB_UNREACHABLE',
      `The database URL of ${options.applicationName} cannot be read`,
      { cause: error },
    );
  }
}

/** Connects, hands the connection to `work`, closes it whatever happens. */
export async function withConnection<T>(
  url: string,
  options: ConnectOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(url, options);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Ends a connection at once, whatever it does: `end` waits for the running statement. */
export function terminate(client: pg.Client): void {
  const connection: unknown = Reflect.get(client, 'connection');
  if (
    typeof connection === 'object' &&
    connection !== null &&
    'stream' in connection &&
    connection.stream instanceof Duplex
  )
    connection.stream.destroy();
}
