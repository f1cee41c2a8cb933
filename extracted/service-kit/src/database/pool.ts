import pg from 'pg';
import type { Logger } from 'pino';
import { ServiceError } from '../errors.ts';
import { databaseError, describeDatabase } from './database-error.ts';

export interface PoolOptions extends Omit<pg.PoolConfig, 'connectionString' | 'application_name'> {
  readonly applicationName: string;
  readonly logger?: Logger;
}

/** A pool that was proven to reach its database; failures say which one and why, never the password. */
export async function openPool(url: string, options: PoolOptions): Promise<pg.Pool> {
  const { applicationName, logger, ...rest } = options;
  // The driver takes anything for a host name; a typing error should not read as a missing server.
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new ServiceError(
      'CONFIG_INVALID',
      `Database ${describeDatabase(url)}: a URL like postgres://user:password@host:5432/name is needed`,
    );
  const pool = new pg.Pool({
    connectionTimeoutMillis: 5_000,
    max: 10,
    ...rest,
    connectionString: url,
    application_name: applicationName,
  });
  // An idle connection may die with its server; without a listener that would end the process.
  pool.on('error', (error) =>
    logger?.warn({ err: error, database: describeDatabase(url) }, 'idle database connection lost'),
  );
  // So may one that a request holds between two queries: the pool listens to idle ones only. The next query reports it.
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    await pool.query('SELECT 1');
    return pool;
  } catch (error) {
    await pool.end();
    throw databaseError(error, url);
  }
}

/** For `checks`: ready means that the database answers. */
export const databaseCheck = (pool: pg.Pool) => async (): Promise<void> => {
  await pool.query('SELECT 1');
};
