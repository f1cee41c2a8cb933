import { apart, StranglerError } from '@strangler-toolkit/plan';
import { type CompiledTable, tableName } from './compiled-mapping.ts';
import { conditionText } from './row-condition.ts';

/**
 * Several mappings of one monolith table: no row may be meant by two of them, and one key names it in all.
 * @throws StranglerError CONFIG_INVALID naming both lines
 */
export function refuseOverlaps(tables: readonly CompiledTable[]): void {
  for (const [index, table] of tables.entries()) {
    const name = tableName(table.monolith);
    for (const earlier of tables.slice(0, index)) {
      if (tableName(earlier.monolith) !== name) continue;
      // compared as the server writes them: 't' and 'true' are one value of a boolean
      if (!apart(earlier.where, table.where))
        throw new StranglerError(
          'CONFIG_INVALID',
          `${table.line}: monolith table ${name} is mapped already at ${earlier.line}, and a row can meet ` +
            `both conditions (${told(earlier)}; ${told(table)})`,
          {
            remedy:
              'Give each of them a where, and name different values of one column in it: ' +
              "where: { kind: 'book' } and where: { kind: 'disc' }.",
          },
        );
      if (earlier.key.join('\n') !== table.key.join('\n'))
        throw new StranglerError(
          'CONFIG_INVALID',
          `${table.line}.key: rows of ${name} have the key (${earlier.key.join(', ')}) at ${earlier.line} and ` +
            `(${table.key.join(', ')}) here`,
          { remedy: 'Name the same columns in the same order, or none.' },
        );
    }
  }
}

const told = ({ where = {} }: CompiledTable): string => conditionText(where) || 'all rows';
