import type pg from 'pg';
import { databaseFailure } from '../../database/failures.ts';
import { quoteIdentifier, quoteTable } from '../../database/identifiers.ts';
import type { JsonRow } from './decode/envelope.ts';
import { ReadText } from './decode/read-text.ts';
import type { TableShape } from './table-shape.ts';

/** A row to be found again, with what else the question needs of it. */
export interface AskedRow {
  readonly row: JsonRow;
  readonly more?: Readonly<Record<string, string | null>>;
}

export interface Question {
  readonly select: readonly string[];
  /** Columns of `k` beside those of the key, each a text. */
  readonly more?: readonly string[];
  /** Of the key columns all must be equal but these. */
  readonly but?: string;
  readonly where?: string;
}

/**
 * Rows of the source (`t`) by the keys of `rows` (`k`): each answer begins with the place in `rows`.
 * @throws StranglerError COLUMN_MISSING, TABLE_MISSING: the other columns of the rows would be taken for those of rows that are gone
 */
export async function askSource(
  client: pg.Client,
  shape: TableShape,
  rows: readonly AskedRow[],
  { select, more = [], but, where }: Question,
): Promise<readonly (readonly (string | null)[])[]> {
  const { key, keyOf } = shape.again;
  const conditions = [
    ...key.flatMap(({ name, type }, index) =>
      name === but ? [] : [`t.${quoteIdentifier(name)} = k.k${index}::${type}`],
    ),
    ...(where === undefined ? [] : [where]),
  ];
  const columns = [
    'n int',
    ...[...key.map((_, index) => `k${index}`), ...more].map((k) => `${k} text`),
  ];
  const asked = rows.map(({ row, more: values }, n) => {
    const known = keyOf(row);
    return {
      n,
      ...Object.fromEntries(key.map(({ name }, index) => [`k${index}`, known[name]])),
      ...values,
    };
  });
  try {
    const result = await client.query<(string | null)[]>({
      text: `SELECT ${['k.n', ...select].join(', ')} FROM json_to_recordset($1::json) AS k(${columns.join(', ')})
        JOIN ${quoteTable({ schema: shape.schema, table: shape.table })} t ON ${conditions.join(' AND ')}`,
      values: [JSON.stringify(asked)],
      rowMode: 'array',
    });
    return result.rows;
  } catch (error) {
    throw databaseFailure(error, `Cannot read rows of ${shape.schema}.${shape.table} again`);
  }
}

/** In place: rows are many, and nobody else has this one yet. */
export function setText(row: JsonRow, name: string, text: string | null): void {
  (row as Record<string, unknown>)[name] = text === null ? null : new ReadText(text);
}
