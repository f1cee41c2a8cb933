import { codeOf, StranglerError, tlsFailure } from '@strangler-toolkit/plan';
import pg from 'pg';
import type { Querying } from './sql.ts';

const TIMESTAMPTZ = 1184;
/** Times stay text: microseconds matter, and the control database's clock is the only one that counts. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === TIMESTAMPTZ ? (value: string) => value : pg.types.getTypeParser(oid, format),
};

export interface Database extends Querying {
  /** Runs work in a transaction; what it throws takes everything back. */
  transaction(): { execute<T>(work: (trx: Querying) => Promise<T>): Promise<T> };
  destroy(): Promise<void>;
}

async function inTransaction<T>(pool: pg.Pool, work: (trx: Querying) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

const where = (url: string): string => {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '5432'}${pathname}`;
  } catch {
    return 'an address that is not a URL';
  }
};

/** A failure of the control database, in the toolkit's words; other errors stay what they are. */
export function controlFailure(error: unknown, url: string): unknown {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message || code : String(error);
  const tls = tlsFailure(error);
  if (tls !== undefined)
    return new StranglerError(tls, `The control database ${where(url)}: ${message}`, {
      cause: error,
    });
  if (code === '28P01' || code === '28000')
    return new StranglerError(
      'DB_AUTH',
      `The control database ${where(url)} refuses the login: ${message}`,
      { cause: error },
    );
  if (code === '42501') {
    return new StranglerError('DB_PRIVILEGE', `The control database ${where(url)}: ${message}`, {
      cause: error,
      remedy: 'GRANT CREATE ON DATABASE <control database> TO <its user>',
    });
  }
  if (
    /^E[A-Z]+$/.test(code) ||
    code === '3D000' ||
    code.startsWith('08') ||
    code.startsWith('57P') ||
    code === 'ERR_INVALID_URL' ||
    (/timeout|terminated|Connection/i.test(message) && code === '')
  ) {
    return new StranglerError(
      'DB_UNREACHABLE',
      `The control database ${where(url)} cannot be reached: ${message}`,
      { cause: error },
    );
  }
  return error;
}

export interface ControlPool {
  readonly pool: pg.Pool;
  readonly db: Database;
}

export function openPool(
  url: string,
  applicationName: string,
  { max = 6 }: { readonly max?: number } = {},
): ControlPool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 10_000,
    allowExitOnIdle: true,
    options: '-c TimeZone=UTC',
    types,
  });
  // An idle connection that dies is replaced at the next query, which reports what is wrong.
  pool.on('error', () => {});
  // the pool listens to idle connections only; one that is lost in use ends its query, and must not end the process
  pool.on('connect', (client) => client.on('error', () => {}));
  const db: Database = {
    query: (text, values) => pool.query(text, values),
    transaction: () => ({ execute: (work) => inTransaction(pool, work) }),
    destroy: () => pool.end(),
  };
  return { pool, db };
}
