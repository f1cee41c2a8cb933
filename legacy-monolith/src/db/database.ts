import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Shop } from './schema.ts';

const asText = (value: string): string => value;
// timestamp columns hold UTC by convention of the house; pg would read them as local time.
const utcTimestamp = (value: string): Date => new Date(`${value.replace(' ', 'T')}Z`);
const PARSERS = new Map<number, (value: string) => unknown>([
  [pg.types.builtins.DATE, asText],
  [pg.types.builtins.TIMESTAMP, utcTimestamp],
]);

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && PARSERS.get(oid)) || pg.types.getTypeParser(oid, format),
};

export type Db = Kysely<Shop>;

export interface Connection {
  readonly db: Db;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export function openDatabase(
  url: string,
  { max = 20, onError = (_error: Error): void => {} } = {},
): Connection {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'legacy-monolith',
    max,
    types,
    options: '-c TimeZone=UTC',
  });
  // An idle connection that dies is replaced at the next query; without a listener it would end the process.
  pool.on('error', onError);
  // A connection that a request holds between two queries may die too; the next query reports it.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Shop>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}
