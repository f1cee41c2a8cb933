import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledTable } from '../mapping/compiled-mapping.ts';
import { type Comparison, compareParts, shownKey } from './comparison.ts';

const rowsAtOnce = 500;

/** Keys of the rows in one partition of a side's table, as the monolith writes them, some at a time. */
export async function* keysOfLeaf(
  client: pg.Client,
  table: CompiledTable,
  { side, oid }: { readonly side: Side; readonly oid: string },
): AsyncGenerator<readonly (readonly string[])[], void, undefined> {
  const { rows } = await client.query<{ leaf: string }>(
    'SELECT oid::regclass::text AS leaf FROM pg_class WHERE oid = $1::oid',
    [oid],
  );
  const comparison = await comparisonOf(client, compareParts(table), { side, oid });
  // Detached or dropped again: the next look finds that.
  if (rows[0] === undefined || comparison === undefined) return;
  await client.query(
    `BEGIN; DECLARE keys NO SCROLL CURSOR FOR SELECT ${comparison[side].keys.join(', ')} ` +
      `FROM ${rows[0].leaf} WHERE ${comparison[side].meant}`,
  );
  for (;;) {
    const found = await client.query<string[]>({
      text: `FETCH ${rowsAtOnce} FROM keys`,
      rowMode: 'array',
    });
    if (found.rows.length > 0) yield found.rows.map((shared) => shownKey(comparison, shared));
    if (found.rows.length < rowsAtOnce) break;
  }
  await client.query('COMMIT');
}

/** The part whose table the partition belongs to. */
async function comparisonOf(
  client: pg.Client,
  comparisons: readonly Comparison[],
  { side, oid }: { readonly side: Side; readonly oid: string },
): Promise<Comparison | undefined> {
  const { rows } = await client.query<{ n: string }>(
    `SELECT n::text AS n FROM unnest($1::text[]) WITH ORDINALITY AS t(name, n)
      WHERE to_regclass(name) = pg_partition_root($2::oid::regclass) ORDER BY n LIMIT 1`,
    [comparisons.map((comparison) => comparison[side].table), oid],
  );
  return rows[0] && comparisons[Number(rows[0].n) - 1];
}
