import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable, type TableCatalog } from '../../database/catalog.ts';
import { displayTable, quoteIdentifier, quoteTable } from '../../database/identifiers.ts';
import type { SourceTable } from '../transport.ts';

const remedy = (context: string): string =>
  `Find the rows that differ: strangler verify ${context} --json; then: strangler verify ` +
  `${context} --repair --keys <table:key> …`;

/** About how many there are. @throws StranglerError MOVE_NOT_ALLOWED where Debezium cannot read in chunks */
export async function countResyncRows(
  client: pg.Client,
  context: string,
  tables: readonly SourceTable[],
  keys: ReadonlyMap<string, readonly string[]>,
): Promise<number> {
  const catalogs = await Promise.all(tables.map((table) => readTable(client, table)));
  const keyless = catalogs.find(({ primaryKey }) => primaryKey.length === 0);
  if (keyless)
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${displayTable(keyless)} has no primary key, by which Debezium would read it in chunks`,
      { remedy: remedy(context) },
    );
  for (const catalog of catalogs)
    await refuseOldDates(client, context, catalog, keys.get(`${catalog.schema}.${catalog.table}`));
  return catalogs.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0);
}

/** Debezium reads dates in chunks in the calendar of their time: a key with one would be that of another row. */
async function refuseOldDates(
  client: pg.Client,
  context: string,
  table: TableCatalog,
  key: readonly string[] = [],
): Promise<void> {
  const days = table.columns.filter(
    ({ name, type, baseType }) =>
      (baseType ?? type) === 'date' && [...table.primaryKey, ...key].includes(name),
  );
  for (const { name } of days) {
    const column = quoteIdentifier(name);
    const { rows } = await client.query(
      `SELECT FROM ${quoteTable(table)} WHERE ${column} < '1582-10-15' OR NOT isfinite(${column}) LIMIT 1`,
    );
    if (rows.length > 0)
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${displayTable(table)} has dates before 1582-10-15, or infinite ones, in ${name}, which identifies its rows: ` +
          'Debezium would read them as others',
        { remedy: remedy(context) },
      );
  }
}
