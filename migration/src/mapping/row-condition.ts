import type { RowCondition } from '@strangler-toolkit/plan';
import type { SharedTable } from './compiled-mapping.ts';
import { quoteIdentifier, quoteLiteral } from '../database/identifiers.ts';
import type { Row } from '../stream/change-event.ts';

/**
 * As SQL. Literals without a type take the column's, so no catalog is needed; a NULL in the column makes it false or NULL, which
 * WHERE and a trigger's WHEN take for false.
 */
export const conditionSql = (condition: RowCondition, row?: string): string =>
  Object.entries(condition)
    .map(([name, value]) => {
      const column = `${row === undefined ? '' : `${row}.`}${quoteIdentifier(name)}`;
      if (value === null) return `${column} IS NULL`;
      const texts = typeof value === 'string' ? [value] : value;
      return `${column} IN (${texts.map(quoteLiteral).join(', ')})`;
    })
    .join(' AND ');

/** Which rows of a service's table are compared with a mapping's. What is nobody's is the first one's, so that it is not passed over. */
export const sharedSql = (shared: SharedTable | undefined): string =>
  shared === undefined
    ? 'true'
    : shared.others === undefined
      ? conditionSql(shared.where)
      : shared.others.map((other) => `(${conditionSql(other)}) IS NOT TRUE`).join(' AND ');

/** Of a row of the monolith; undefined: it lacks a column that decides. */
export function meets(condition: RowCondition, row: Row): boolean | undefined {
  let known = true;
  for (const [column, wanted] of Object.entries(condition)) {
    const value = row[column];
    if (value === undefined) known = false;
    else if (!holds(wanted, value)) return false;
  }
  return known ? true : undefined;
}

const holds = (wanted: RowCondition[string], value: string | null): boolean =>
  wanted === null || typeof wanted === 'string'
    ? value === wanted
    : value !== null && wanted.includes(value);

/** For people: `tenant = 5 and kind = a or b`. */
export const conditionText = (condition: RowCondition): string =>
  Object.entries(condition)
    .map(
      ([column, value]) => `${column} = ${value === null ? 'null' : [value].flat().join(' or ')}`,
    )
    .join(' and ');
