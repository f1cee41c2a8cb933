import { codeOf, type Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { isConnectionFailure } from '../database/failures.ts';
import {
  quoteIdentifier,
  quoteTable,
  type TableName,
  writtenTable,
} from '../database/identifiers.ts';
import {
  type LikelyReference,
  likelyReferences,
  type TableOutline,
} from './references-without-key.ts';

/** A reference over the border of a context that no foreign key keeps, and what its rows say of it. */
export interface SeenReference extends LikelyReference {
  /** Which end is mapped. */
  readonly mapped: 'child' | 'parent';
  /** Different values that were looked at, and how many of them are keys; why not, where nobody could look. */
  readonly values: { readonly looked: number; readonly found: number } | string;
}

/** Of all tables at once: to read hundreds one by one would take doctor seconds. */
const outlines = `
SELECT n.nspname AS schema, c.relname AS "table",
  (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT json_agg(a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
  (SELECT json_agg(a.attname) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
     WHERE k.conrelid = c.oid AND k.contype = 'f') AS referring
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'strangler', 'strangler_control') AND n.nspname NOT LIKE 'pg\\_%'`;

async function readOutlines(client: pg.Client): Promise<TableOutline[]> {
  const { rows } = await client.query<
    TableName & Record<'columns' | 'key' | 'referring', string | null>
  >(outlines);
  const list = <T>(json: string | null): T[] => (json === null ? [] : (JSON.parse(json) as T[]));
  return rows.map(({ schema, table, columns, key, referring }) => ({
    schema,
    table,
    columns: list(columns),
    primaryKey: list(key),
    foreignKeys: [{ columns: list(referring) }],
  }));
}

const [rowsRead, valuesAsked] = [5000, 1000];
/** Behind a lock a look would hang whoever asks. */
const patienceSeconds = 2;
/** Longest time for all of a database's, in milliseconds. */
const lookMs = 5000;
/** Somebody relies on it: ids that are called alike and mean something else are not all there, some that were deleted may lack. */
const enough = 0.9;

async function look(
  client: pg.Client,
  { child, parent }: LikelyReference,
): Promise<SeenReference['values']> {
  await client.query(`SET statement_timeout = '${patienceSeconds}s'`);
  try {
    const { rows } = await client.query<{ looked: string; found: string }>(
      `SELECT count(*) AS looked, count(p.key) AS found FROM (
         SELECT DISTINCT value FROM (SELECT ${quoteIdentifier(child.column)} AS value FROM ${quoteTable(child)} LIMIT ${rowsRead}) r
          WHERE value IS NOT NULL LIMIT ${valuesAsked}) c
       LEFT JOIN (SELECT ${quoteIdentifier(parent.column)} AS key FROM ${quoteTable(parent)}) p ON p.key = c.value`,
    );
    return { looked: Number(rows[0]?.looked), found: Number(rows[0]?.found) };
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    return codeOf(error) === '42501' ? 'we may not read them' : 'they could not be looked at';
  } finally {
    await client.query('SET statement_timeout = 0').catch(() => undefined);
  }
}

/**
 * References over the border that only an application keeps: called as one and borne out by the values that traffic wrote, or,
 * where ids are nowhere twice by accident (uuid), by the values alone.
 */
export async function readReferences(
  client: pg.Client,
  mapped: readonly TableName[],
): Promise<SeenReference[]> {
  const names = new Set(mapped.map(writtenTable));
  const all = await readOutlines(client);
  const inside = all.filter((table) => names.has(writtenTable(table)));
  const outside = all.filter((table) => !names.has(writtenTable(table)));
  const likely = (anyName: readonly string[]): Omit<SeenReference, 'values'>[] => [
    ...likelyReferences(inside, outside, anyName).map((one) => ({
      ...one,
      mapped: 'child' as const,
    })),
    ...likelyReferences(outside, inside, anyName).map((one) => ({
      ...one,
      mapped: 'parent' as const,
    })),
  ];
  const over = performance.now() + lookMs;
  const called = new Set(likely([]).map(ends));
  const seen: SeenReference[] = [];
  for (const one of likely(['uuid'])) {
    const values =
      performance.now() < over ? await look(client, one) : 'there was no time to look at them';
    const holds =
      typeof values === 'string'
        ? called.has(ends(one))
        : values.looked > 0 && values.found >= values.looked * enough;
    if (holds) seen.push({ ...one, values });
  }
  return seen;
}

const shown = ({ column, ...table }: LikelyReference['child']): string =>
  `${writtenTable(table)}.${column}`;
const ends = ({ child, parent }: LikelyReference): string => `${shown(child)} ${shown(parent)}`;

/** For people: what nobody keeps once the rows are owned elsewhere. */
export function referenceText(
  { child, parent, mapped, values }: SeenReference,
  side: Side,
): { readonly about: string; readonly told: string } {
  const borne =
    typeof values === 'string'
      ? `is called as if it referred to ${shown(parent)} (values: ${values})`
      : `refers to ${shown(parent)}, as ${values.found} of ${values.looked} values say`;
  const then =
    mapped === 'child'
      ? `outside this context: whoever checks it has to ask the owner of ${writtenTable(parent)}`
      : 'from outside this context: what its owner deletes it may still name';
  return {
    about: `reference ${shown(child)}`,
    told: `${shown(child)} of the ${side} ${borne} without a foreign key, ${then}`,
  };
}
