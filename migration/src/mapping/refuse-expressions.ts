import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import type { CompiledMapping } from './compiled-mapping.ts';
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
      // The key makes an aggregate what it is: no expression over one row. What ends in a comment must not swallow the rest.
      const query =
        `SELECT ${table.key.map(quoteIdentifier).join(', ')}, CAST((${expression}\n) AS ${catalog?.type ?? 'text'}) ` +
        `FROM ${quoteTable(table.monolith)} LIMIT 0`;
      await monolith.query(query).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new StranglerError('CONFIG_INVALID', `${line}.expression: ${why}`, { cause });
      });
    }
}
