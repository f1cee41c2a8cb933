import { type Direction, mappedColumns, type MigrationDefinition } from '@strangler-toolkit/plan';
import { parseTableName } from '../../database/identifiers.ts';

/** What the mapping reads of a table, as `schema.table` names it. */
export interface CarriedTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns that identify a row, where the context file names them. */
  readonly key?: readonly string[];
}

const target = (mapped: string | { readonly to: string } | undefined, column: string): string =>
  typeof mapped === 'string' ? mapped : (mapped?.to ?? column);

/** The tables and columns of each direction, by the context file alone. */
export const carriedTables = ({
  tables = [],
}: MigrationDefinition): Record<Direction, CarriedTable[]> => ({
  forward: tables.map(({ monolith, key = [], service, where = {} }) => ({
    ...parseTableName(monolith),
    columns: [
      ...new Set([
        ...key,
        ...service.flatMap((part) => mappedColumns(part).map(({ from }) => from)),
        ...Object.keys(where),
      ]),
    ],
    ...(key.length > 0 && { key }),
  })),
  reverse: tables.flatMap(({ service }) =>
    service.map((part) => ({
      ...parseTableName(part.table),
      // several fields of JSON may come from one column, and go to one
      columns: [...new Set(mappedColumns(part).map(({ mapping }) => mapping.to))],
    })),
  ),
});

/** Columns that identify a row, of tables for which the context file names them. */
export function namedKeys({
  tables = [],
}: MigrationDefinition): Record<Direction, Map<string, readonly string[]>> {
  const withKey = tables.flatMap(({ key, monolith, service }) =>
    key ? [{ key, monolith, service }] : [],
  );
  const named = (name: string): string => {
    const { schema, table } = parseTableName(name);
    return `${schema}.${table}`;
  };
  return {
    forward: new Map(withKey.map(({ monolith, key }) => [named(monolith), key])),
    reverse: new Map(
      withKey.flatMap(({ service, key }) =>
        service.map(
          (part) =>
            [named(part.table), key.map((column) => target(part.columns[column], column))] as const,
        ),
      ),
    ),
  };
}

/** By `schema.table` the columns that are read, by whichever of its mappings; a table that is not named is read whole. */
export function readColumns(
  carried: readonly CarriedTable[] = [],
): ReadonlyMap<string, ReadonlySet<string>> {
  const read = new Map<string, Set<string>>();
  for (const { schema, table, columns } of carried) {
    const name = `${schema}.${table}`;
    read.set(name, new Set([...(read.get(name) ?? []), ...columns]));
  }
  return read;
}

/** By `schema.table` the columns that identify a row, where the context file names them. */
export const carriedKeys = (
  carried: readonly CarriedTable[] = [],
): ReadonlyMap<string, readonly string[]> =>
  new Map(carried.map(({ schema, table, key = [] }) => [`${schema}.${table}`, key]));
