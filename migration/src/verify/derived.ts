import type pg from 'pg';
import { displayTable, quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { expressionsOf } from '../mapping/expressions.ts';
import { parseType, withoutLength } from '../mapping/type-compatibility.ts';

/** Rows of the monolith whose column holds something else than its expression in the context file says. */
export interface Underived {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
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
      const type = table.monolith.columns.find(({ name }) => name === column)?.type ?? 'text';
      const wrong =
        `FROM ${quoteTable(table.monolith)} WHERE ${quoteIdentifier(column)}::text ` +
        `IS DISTINCT FROM CAST((${expression}\n) AS ${uncut(type)})::text`;
      const { rows } = await monolith.query<{ rows: string }>(`SELECT count(*) AS rows ${wrong}`);
      const count = Number(rows[0]?.rows ?? 0);
      if (count === 0) continue;
      const keys = await monolith.query<string[]>({
        text: `SELECT ${table.key.map((name) => `${quoteIdentifier(name)}::text`).join(', ')} ${wrong} LIMIT ${namedRows}`,
        rowMode: 'array',
      });
      found.push({ table: displayTable(table.monolith), column, rows: count, keys: keys.rows });
    }
  return found;
}
