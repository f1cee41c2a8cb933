import type { MigrationDefinition, RowCondition, Side } from '@strangler-toolkit/plan';
import { parseTableName, quoteTable, type TableName } from '../database/identifiers.ts';

export interface KeyEnd extends TableName {
  readonly columns: readonly string[];
}

/** The condition of an end's rows, and its table and columns as the monolith names them. */
export interface MappedEnd {
  readonly table: string;
  readonly where: RowCondition;
  readonly columns: readonly (string | undefined)[];
}

const same = (name: string, table: TableName): boolean =>
  quoteTable(parseTableName(name)) === quoteTable(table);

/** What a context maps of an end of a foreign key. */
export function endsIn({ tables = [] }: MigrationDefinition, side: Side, end: KeyEnd): MappedEnd[] {
  return tables.flatMap(({ monolith, service, where = {} }): MappedEnd[] => {
    const table = quoteTable(parseTableName(monolith));
    if (side === 'monolith')
      return same(monolith, end) ? [{ table, where, columns: end.columns }] : [];
    return service
      .filter((part) => same(part.table, end))
      .map(({ columns }) => ({
        table,
        where,
        columns: end.columns.map(
          (name) =>
            Object.entries(columns).find(
              ([, to]) => (typeof to === 'string' ? to : to.field ? null : to.to) === name,
            )?.[0],
        ),
      }));
  });
}

const within = (inner: RowCondition[string], outer: RowCondition[string]): boolean =>
  inner === null || outer === null
    ? inner === outer
    : [inner].flat().every((text) => [outer].flat().includes(text));

/** Whether a row that meets the condition of one end has only such rows of the other end on its foreign key. */
export const implies = (one: MappedEnd, other: MappedEnd): boolean =>
  Object.entries(other.where).every(([column, values]) => {
    const from = one.columns[other.columns.indexOf(column)];
    const held = from === undefined ? undefined : one.where[from];
    // a key with a NULL in it refers to nothing
    return held !== undefined && held !== null && within(held, values);
  });

/**
 * Whether a foreign key between two mapped tables stays within the rows that are meant: both are replicated whole, or the key
 * itself ties the columns that decide.
 */
export function tied(
  definition: MigrationDefinition,
  side: Side,
  { child, parent }: { readonly child: KeyEnd; readonly parent: KeyEnd },
): boolean {
  const [children, parents] = [endsIn(definition, side, child), endsIn(definition, side, parent)];
  const [one, other] = [children[0], parents[0]];
  if (one === undefined || other === undefined) return true;
  if ([...children, ...parents].every(({ where }) => Object.keys(where).length === 0)) return true;
  return (
    children.length === 1 && parents.length === 1 && implies(one, other) && implies(other, one)
  );
}
