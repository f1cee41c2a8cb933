import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import type { CompiledMapping, CompiledTable } from './compiled-mapping.ts';
import { expressionsOf } from './expressions.ts';

/**
 * Lets the monolith's database say whether it understands each expression, as one over a row.
 * @throws StranglerError CONFIG_INVALID naming the line of the context file
 */
export async function refuseExpressions(
  { tables }: Pick<CompiledMapping, 'tables'>,
  monolith: pg.Client,
): Promise<void> {
  for (const table of tables)
    for (const [column, expression] of expressionsOf(table)) {
      const line = `${table.line}.leave.${column}.onReturn`;
      const catalog = table.monolith.columns.find(({ name }) => name === column);
      if (catalog?.generated === true)
        throw new StranglerError('CONFIG_INVALID', `${line}: the database generates the column`, {
          remedy: 'Remove the line.',
        });
      await refuseChecks(table, column, line, monolith);
      // What ends in a comment must not swallow the rest.
      const value = `CAST((${expression}\n) AS ${catalog?.type ?? 'text'})`;
      const plan = await planOf(table, value, monolith).catch((cause: unknown) => {
        throw refusal(`${line}.expression`, table, cause);
      });
      if (looksBeyondTheRow(plan))
        throw new StranglerError(
          'CONFIG_INVALID',
          `${line}.expression: it is volatile, or looks at more than the row (a subquery, a window, a set): ` +
            'verify would never find what was written',
          { remedy: 'Write SQL that gives the same for the same row, whenever it is asked.' },
        );
    }
}

/**
 * Over rows without what is derived: in which order columns are computed would decide about one that reads another. They have no
 * name of their own, or it would mean the whole row. A subquery is kept as it is, and thereby seen in the plan, where its value
 * is volatile, a set, or one of a window.
 */
async function planOf(table: CompiledTable, value: string, monolith: pg.Client): Promise<string> {
  const derived = expressionsOf(table);
  const inputs = table.monolith.columns.filter(({ name }) => !derived.has(name));
  // The key makes an aggregate what it is: no expression over one row.
  const { rows } = await monolith.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (FORMAT YAML) SELECT FROM (SELECT ${quoted(table.key)}, ${value} AS value FROM (SELECT ` +
      `${quoted(inputs.map(({ name }) => name))} FROM ${quoteTable(table.monolith)}) AS "the row") AS computed ` +
      'WHERE value::text IS NULL',
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const quoted = (columns: readonly string[]): string => columns.map(quoteIdentifier).join(', ');

/** A quote in a text of the expression is escaped in a plan, so no text looks like a node. */
export const looksBeyondTheRow = (plan: string): boolean =>
  /Node Type: "Subquery Scan"|Parent Relationship: "(SubPlan|InitPlan)"/.test(plan);

function refusal(line: string, table: CompiledTable, cause: unknown): StranglerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const derived = [...expressionsOf(table).keys()].join(', ');
  return new StranglerError('CONFIG_INVALID', `${line}: ${why}`, {
    cause,
    remedy:
      `It is SQL over the other columns of one row of ${table.monolith.table}, each named without its table; what is ` +
      `derived itself (${derived}) cannot be read: repeat its expression instead.`,
  });
}

/** A row is written before what follows from it, and PostgreSQL checks it right away. */
async function refuseChecks(
  { monolith: table }: CompiledTable,
  column: string,
  line: string,
  monolith: pg.Client,
): Promise<void> {
  const name = quoteTable(table);
  const { rows } = await monolith.query<{ name: string; definition: string }>(
    `SELECT k.conname AS name, pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
     WHERE k.contype = 'c' AND cardinality(k.conkey) > 1 AND k.conrelid = $1::text::regclass AND a.attname = $2
     ORDER BY 1`,
    [name, column],
  );
  const [check] = rows;
  if (check === undefined) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `${line}.expression: ${check.name} ties the column to others, ${check.definition}, and it is computed over the row that was ` +
      'written: no row that comes back would be taken',
    {
      remedy:
        "Let a trigger set it (onReturn: { trigger: '…' }), or on the monolith: " +
        `ALTER TABLE ${name} DROP CONSTRAINT ${quoteIdentifier(check.name)}; verify holds the column to its expression`,
    },
  );
}
