import {
  type MigrationDefinition,
  type RowCondition,
  StranglerError,
  tellingApart,
} from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import { compileCondition } from './compile-condition.ts';
import {
  type CompiledPart,
  type CompiledTable,
  type SharedTable,
  tableName,
} from './compiled-mapping.ts';

/** By service table that several mappings fill: the columns whose constants tell their rows apart. */
export function sharedTables({
  tables = [],
}: Pick<MigrationDefinition, 'tables'>): ReadonlyMap<string, readonly string[]> {
  const parts = tables.flatMap(({ service }) => service);
  const named = Map.groupBy(parts, ({ table }) => tableName(parseTableName(table)));
  return new Map(
    [...named].flatMap(([name, all]) => {
      const columns = tellingApart(all.map(({ constants = {} }) => constants));
      return all.length > 1 && columns.length > 0 ? [[name, columns] as const] : [];
    }),
  );
}

/** @throws StranglerError CONFIG_INVALID where rows of several mappings could have one key, or a server could judge a row otherwise */
export function sharedPart(
  { service, key, constants, line }: Pick<CompiledPart, 'service' | 'key' | 'constants' | 'line'>,
  columns: readonly string[],
): SharedTable {
  const unique = [...key, ...columns];
  const missing = columns.filter((column) => !service.primaryKey.includes(column));
  if (missing.length > 0)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}.table: several mappings fill ${tableName(service)}, and rows of two of them can have one key: ` +
        `${missing.join(', ')} is not in its primary key (${service.primaryKey.join(', ')})`,
      { remedy: `Give ${tableName(service)} the primary key (${unique.join(', ')}).` },
    );
  return { where: conditionOf({ service, key: unique, constants, line }, columns), unique };
}

interface Telling {
  readonly service: TableCatalog;
  readonly key: readonly string[];
  readonly constants: CompiledPart['constants'];
  readonly line: string;
}

const conditionOf = (
  { service, key, constants, line }: Telling,
  columns: readonly string[],
): RowCondition =>
  compileCondition(
    Object.fromEntries(columns.map((column) => [column, constants[column] ?? null])),
    { monolith: service, key, line, field: 'constants' },
  );

/** Tells the first mapping of each such table of the others' rows. */
export function withOthers(tables: readonly CompiledTable[]): CompiledTable[] {
  const all = tables.flatMap(({ parts }) => parts);
  const completed = (part: CompiledPart): CompiledPart => {
    const { shared } = part;
    if (shared === undefined || shared.bothWrite) return part;
    const [first, ...others] = all.filter(
      ({ service }) => tableName(service) === tableName(part.service),
    );
    if (part !== first) return part;
    const conditions = others.flatMap(({ shared: one }) => (one === undefined ? [] : [one.where]));
    return { ...part, shared: { ...shared, others: conditions } };
  };
  return tables.map((table) => {
    const [first, ...rest] = table.parts;
    return { ...table, parts: [completed(first), ...rest.map(completed)] };
  });
}
