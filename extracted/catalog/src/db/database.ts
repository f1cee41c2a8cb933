import type { Querying } from '@strangler-toolkit/service-kit';
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { CatalogSchema } from './schema.ts';

export type Db = Kysely<CatalogSchema>;

/** A date has no time zone: as text it cannot move by one. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.DATE && format !== 'binary'
      ? (value: string) => value
      : pg.types.getTypeParser(oid, format),
};

export const openDatabase = (pool: pg.Pool): Db =>
  new Kysely<CatalogSchema>({ dialect: new PostgresDialect({ pool }) });

/** For the kit, which knows no query builder. */
export const querying = <Schema>(db: Kysely<Schema>): Querying => ({
  query: (text, values) => db.executeQuery(CompiledQuery.raw(text, values)),
});

export function sqlState(error: unknown): string | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : undefined;
}
