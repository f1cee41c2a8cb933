import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { type Comparison, keyOnSide } from './comparison.ts';

export interface ReadRow {
  readonly values: readonly (string | null)[];
  /** Changes whenever the row is written, even with the same values. */
  readonly version: string;
}

// The expressions name the table's columns bare, so no alias may look like a column of it.
const alias = (index: number): string => `"strangler key ${index}"`;

/** The rows of these keys (in shared terms), by the key's JSON. */
export async function readRows(
  client: pg.Client,
  comparison: Comparison,
  side: Side,
  keys: readonly (readonly string[])[],
): Promise<Map<string, ReadRow>> {
  if (keys.length === 0) return new Map();
  const view = comparison[side];
  const own = keys.map((key) => keyOnSide(comparison, side, key)).filter((key) => key !== null);
  const wanted = view.keyColumns.map(
    ({ type }, index) => `CAST(w.${alias(index)} AS ${type}) AS ${alias(index)}`,
  );
  const join = view.keyColumns.map(({ column }, index) => `t.${column} = k.${alias(index)}`);
  const arrays = view.keyColumns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const names = view.keyColumns.map((_, index) => alias(index)).join(', ');
  const text =
    `SELECT ${[...view.keys, ...view.values].join(', ')}, t.xmin FROM ${view.table} t JOIN ` +
    `(SELECT ${wanted.join(', ')} FROM unnest(${arrays}) AS w(${names})) k ON ` +
    `${join.join(' AND ')} WHERE ${view.meant}`;
  const { rows } = await client.query<(string | null)[]>({
    text,
    values: view.keyColumns.map((_, index) => own.map((key) => key[index])),
    rowMode: 'array',
  });
  const found = new Map<string, ReadRow>();
  for (const row of rows) {
    const id = JSON.stringify(row.slice(0, view.keys.length));
    const values = row.slice(view.keys.length, -1);
    const version = row.at(-1) ?? '';
    const same = found.get(id);
    if (!same) found.set(id, { values, version });
    else {
      // Several rows of one key: as many, with the same values, in any order.
      const lists = [same.values, values].map((list) => JSON.stringify(list)).sort();
      found.set(id, { values: lists, version: [same.version, version].sort().join() });
    }
  }
  return found;
}
