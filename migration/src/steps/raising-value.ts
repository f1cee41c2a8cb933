import type pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { pageCondition, type PageRange } from '../copy/page-ranges.ts';

/** A value over which a function raises an error. */
export interface RaisingValue {
  readonly value: string;
  /** The server's words. */
  readonly said: string;
}

export interface RaisingSearch {
  /** As SQL writes it, as are the next two. */
  readonly table: string;
  readonly meant: string;
  readonly column: string;
  /** Type to read the value's text as. */
  readonly given: string;
  /** What raises over a column. */
  readonly over: (column: string) => string;
  readonly range: PageRange;
  readonly pages: number;
}

/** The server tells that a statement failed, not over which row: halves of the pages, then one value after the other. */
export async function raisingValue(
  client: pg.Client,
  search: RaisingSearch,
): Promise<RaisingValue | null> {
  const { table, meant, column, over, range, pages } = search;
  const rows = (part: PageRange): string =>
    `FROM ${table} WHERE ${pageCondition(part)} AND ${meant} AND ${column} IS NOT NULL`;
  const end = Math.max(range.to ?? pages, range.from + 1);
  if (end - range.from > 1) {
    const middle = (range.from + end) >> 1;
    const first = { from: range.from, to: middle };
    const failed = await dataError(() =>
      client.query(`SELECT count(${over(column)}) ${rows(first)}`),
    );
    return raisingValue(client, {
      ...search,
      range: failed === null ? { from: middle, to: range.to } : first,
    });
  }
  const { rows: values } = await client.query<{ value: string }>(
    `SELECT DISTINCT format('%s', ${column}) AS value ${rows(range)}`,
  );
  for (const { value } of values) {
    const text = `SELECT ${over('given')} FROM (SELECT CAST($1::text AS ${search.given}) AS given) AS one`;
    const said = await dataError(() => client.query(text, [value]));
    if (said !== null) return { value, said };
  }
  return null;
}

/** Null: it passed. @throws what is no fault of the data */
export async function dataError(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (classifyFailure(error) !== 'data') throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
