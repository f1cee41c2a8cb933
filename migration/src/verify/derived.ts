import type pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { displayTable, quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { differingLists, unkeptLists } from '../lists/keep-lists.ts';
import { type CompiledMapping, type CompiledTable, listsOf } from '../mapping/compiled-mapping.ts';
import { expressionsOf } from '../mapping/expressions.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { parseType, withoutLength } from '../mapping/type-compatibility.ts';

/**
 * Rows of the monolith whose column holds something else than its expression in the context file says; or of the service whose
 * array holds something else than its rows say.
 */
export interface Underived {
  readonly table: string;
  readonly column: string;
  /** The service's table with the rows of an array. */
  readonly list?: string;
  readonly rows: number;
  /** What the database says of rows over which it has no value; which ones, and how many, it does not say. */
  readonly failure?: string;
  /** Of some of them. */
  readonly keys: readonly (readonly string[])[];
}

const namedRows = 5;

/** A cast to such a length cuts, where an assignment would fail; one to a numeric's scale rounds as an assignment does. */
const cut = new Set(['character varying', 'character', 'bit', 'bit varying']);
const uncut = (type: string): string =>
  cut.has(parseType(type).base) ? withoutLength(type) : type;

/** Where there are some. Rows that come back are written together with what follows from them, so a side that lags has none either. */
export async function findUnderived(
  { tables }: CompiledMapping,
  monolith: pg.Client,
): Promise<Underived[]> {
  const found: Underived[] = [];
  for (const table of tables)
    for (const [column, expression] of expressionsOf(table)) {
      const about = { table: displayTable(table.monolith), column };
      const wrong = await findRows(table, column, expression, monolith).catch((error: unknown) => {
        // One row of the application's must not take away what was found of all others.
        if (!(error instanceof Error) || classifyFailure(error) !== 'data') throw error;
        return { rows: 0, keys: [], failure: error.message };
      });
      if (wrong.rows > 0 || 'failure' in wrong) found.push({ ...about, ...wrong });
    }
  return found;
}

/** Lists and rows are written in one transaction, so a side that lags has none either. */
export async function findOtherLists(
  mapping: CompiledMapping,
  service: pg.Client,
): Promise<Underived[]> {
  const unkept = await unkeptLists(service, mapping);
  const found: Underived[] = [];
  for (const list of listsOf(mapping)) {
    const { rows, keys } = await differingLists(service, list);
    const about = { column: list.column, list: displayTable(list.rows), rows, keys };
    if (rows > 0 || unkept.includes(list))
      found.push({
        table: displayTable(list.parent),
        ...about,
        ...(unkept.includes(list) && {
          failure: 'the triggers that keep it are not there, or not on',
        }),
      });
  }
  return found;
}

async function findRows(
  { monolith: table, key, where = {} }: CompiledTable,
  column: string,
  expression: string,
  monolith: pg.Client,
): Promise<Pick<Underived, 'rows' | 'keys'>> {
  const type = table.columns.find(({ name }) => name === column)?.type ?? 'text';
  const wrong =
    `FROM ${quoteTable(table)} WHERE ${conditionSql(where) || 'true'} AND ${quoteIdentifier(column)}::text ` +
    `IS DISTINCT FROM CAST((${expression}\n) AS ${uncut(type)})::text`;
  const { rows } = await monolith.query<{ rows: string }>(`SELECT count(*) AS rows ${wrong}`);
  const count = Number(rows[0]?.rows ?? 0);
  if (count === 0) return { rows: 0, keys: [] };
  const keys = await monolith.query<string[]>({
    text: `SELECT ${key.map((name) => `${quoteIdentifier(name)}::text`).join(', ')} ${wrong} LIMIT ${namedRows}`,
    rowMode: 'array',
  });
  return { rows: count, keys: keys.rows };
}
