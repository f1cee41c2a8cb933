import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { SourceTable } from '../transport.ts';

/** `schema.table` → `column:type oid` of each, in a text that compares and is small enough for the checkpoint. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

export async function readColumnTypes(
  client: pg.Client,
  tables: readonly SourceTable[],
): Promise<ColumnTypes> {
  const { rows } = await client.query<{ table: string; columns: string }>(
    `SELECT n.nspname || '.' || c.relname AS table, json_object_agg(a.attname, a.atttypid::bigint) AS columns
     FROM unnest($1::text[], $2::text[]) AS t(schema, name) JOIN pg_namespace n ON n.nspname = t.schema
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
     JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY 1`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return new Map(
    rows.map(({ table, columns }) => [
      table,
      new Map(
        Object.entries(JSON.parse(columns) as Record<string, number>).map(([name, oid]) => [
          name,
          String(oid),
        ]),
      ),
    ]),
  );
}

/** Without the columns that nobody reads: another type of theirs changes nothing. */
export const onlyRead = (
  types: ColumnTypes,
  read: ReadonlyMap<string, ReadonlySet<string>>,
): ColumnTypes =>
  new Map(
    [...types].map(([table, columns]) => [
      table,
      new Map([...columns].filter(([name]) => read.get(table)?.has(name) ?? true)),
    ]),
  );

export const columnTypesToText = (types: ColumnTypes): string =>
  JSON.stringify(
    Object.fromEntries([...types].map(([table, columns]) => [table, Object.fromEntries(columns)])),
  );

export const columnTypesFromText = (text: string): ColumnTypes =>
  new Map(
    Object.entries(JSON.parse(text) as Record<string, Record<string, string>>).map(
      ([table, columns]) => [table, new Map(Object.entries(columns))],
    ),
  );

// pg_type.dat: int2, int4, int8; text, varchar, bpchar.
const alike = [new Set(['21', '23', '20']), new Set(['25', '1043', '1042'])];

/**
 * Messages do not say their types: a number in a column that was a date and is a timestamp now may be days or microseconds.
 * @throws StranglerError SCHEMA_CHANGED when changes that still wait could be misread
 */
export function refuseRetyped(context: string, before: ColumnTypes, now: ColumnTypes): void {
  for (const [table, columns] of before) {
    for (const [column, was] of columns) {
      const is = now.get(table)?.get(column);
      if (is === undefined || is === was || alike.some((types) => types.has(is) && types.has(was)))
        continue;
      throw new StranglerError(
        'SCHEMA_CHANGED',
        `${context}: ${table}.${column} got another type while changes of it were on their way; ` +
          `which of them have the old one cannot be told`,
        {
          details: { table, column, was, is },
          remedy:
            `Run strangler replicate ${context} --restart, which copies anew. To spare that: stop ` +
            `writes, let the stream catch up, change the type, start the worker.`,
        },
      );
    }
  }
}
