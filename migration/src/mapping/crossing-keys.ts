import type { ForeignKeyDecision, MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable, type TableName } from '../database/identifiers.ts';
import { tied } from './tied-rows.ts';

export type KeyAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

/**
 * A foreign key of which only one end is mapped, or not all rows of an end are meant: what is applied to that end does not look at
 * the other.
 */
export interface CrossingKey {
  readonly side: Side;
  /** As the context file names it: `order_lines.order_lines_product_id_fkey`. */
  readonly name: string;
  /** Which end is mapped: rows that are referred to, or rows that refer. */
  readonly mapped: 'parent' | 'child';
  readonly child: TableName & { readonly columns: readonly string[] };
  readonly parent: TableName & { readonly columns: readonly string[] };
  readonly onDelete: KeyAction;
  readonly onUpdate: KeyAction;
  /** Columns that ON DELETE SET NULL or SET DEFAULT sets; empty: all of the key. */
  readonly setColumns: readonly string[];
  /** Another context's stream carries the child's changes, and would leave out what is applied. */
  readonly childStreamed: boolean;
  readonly decision: ForeignKeyDecision | null;
}

const actions = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
} as const;
const action = (letter: string): KeyAction =>
  letter in actions ? actions[letter as keyof typeof actions] : 'no action';

const columns = (relation: string, numbers: string): string =>
  `coalesce((SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(${numbers}) WITH ORDINALITY u(attnum, n)
     JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = u.attnum), '[]')`;

/** ON DELETE SET NULL (column): version 15 and newer have it, and the column of the catalog. */
const setColumns = `ARRAY(SELECT jsonb_array_elements_text(nullif(to_jsonb(k) -> 'confdelsetcols', 'null'))::smallint)`;

const query = `
SELECT k.conname AS name, k.confdeltype AS on_delete, k.confupdtype AS on_update,
       cn.nspname AS child_schema, c.relname AS child, ${columns('k.conrelid', 'k.conkey')} AS child_columns,
       pn.nspname AS parent_schema, p.relname AS parent, ${columns('k.confrelid', 'k.confkey')} AS parent_columns,
       ${columns('k.conrelid', setColumns)} AS set_columns,
       EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication b ON b.oid = r.prpubid
         WHERE r.prrelid = k.conrelid AND b.pubname LIKE 'strangler\\_%') AS streamed
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY cn.nspname, c.relname, k.conname`;

/** The foreign keys that cross the border of a context's tables in one database, with what the context file decided. */
export async function readCrossingKeys(
  client: pg.Client,
  side: Side,
  mapped: readonly TableName[],
  definition: MigrationDefinition,
): Promise<CrossingKey[]> {
  const inside = new Set(mapped.map(displayTable));
  const { rows } = await client.query<Record<string, string>>(query);
  return rows.flatMap((row) => {
    const child = { schema: row.child_schema ?? '', table: row.child ?? '' };
    const parent = { schema: row.parent_schema ?? '', table: row.parent ?? '' };
    const ends = [inside.has(displayTable(parent)), inside.has(displayTable(child))];
    const key = {
      child: { ...child, columns: JSON.parse(row.child_columns ?? '[]') as string[] },
      parent: { ...parent, columns: JSON.parse(row.parent_columns ?? '[]') as string[] },
    };
    const within = ends[0] === ends[1];
    if (within && (ends[0] !== true || tied(definition, side, key))) return [];
    // what the monolith keeps may refer to what the service has, and what the service has to what it did not get
    const referredTo = within ? side === 'monolith' : ends[0] === true;
    const name = `${displayTable(child)}.${row.name ?? ''}`;
    return [
      {
        side,
        name,
        mapped: referredTo ? ('parent' as const) : ('child' as const),
        ...key,
        onDelete: action(row.on_delete ?? ''),
        onUpdate: action(row.on_update ?? ''),
        setColumns: JSON.parse(row.set_columns ?? '[]') as string[],
        childStreamed: !within && ends[0] === true && row.streamed === 't',
        decision: definition.foreignKeys?.[side]?.[name] ?? null,
      },
    ];
  });
}
