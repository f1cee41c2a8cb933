import { type ColumnMapping, type Side, StranglerError } from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { type ColumnLink, tableName } from './compiled-mapping.ts';
import { differentMeaning } from './different-meaning.ts';
import { commonType } from './type-compatibility.ts';

export function findColumn(table: TableCatalog, name: string, line: string): ColumnCatalog {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const names = table.columns.map((candidate) => candidate.name).join(', ');
    throw new StranglerError(
      'COLUMN_MISSING',
      `${line}: ${tableName(table)} has no column ${name} (it has ${names})`,
      {
        details: { table: tableName(table), column: name },
      },
    );
  }
  return column;
}

const columnOf = (mapping: string | ColumnMapping): ColumnMapping =>
  typeof mapping === 'string' ? { to: mapping } : mapping;

export function compileColumn(
  { monolith, service }: Readonly<Record<Side, TableCatalog>>,
  from: string,
  mapping: string | ColumnMapping,
  line: string,
): ColumnLink {
  const { to, values, zone } = columnOf(mapping);
  const source = findColumn(monolith, from, line);
  const target = findColumn(service, to, line);
  for (const [table, column] of [
    [monolith, source],
    [service, target],
  ] as const) {
    if (column.generated) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}: ${tableName(table)}.${column.name} is a generated column; its database computes it, so leave it out`,
      );
    }
  }
  const other = differentMeaning({ monolith: source, service: target, values, zone });
  if (other !== null) {
    throw new StranglerError(
      other.code,
      `${line}: ${tableName(monolith)}.${from} (${source.type}) and ${tableName(service)}.${to} (${target.type}): ${other.problem}`,
      { remedy: other.remedy, details: { from: source.type, to: target.type } },
    );
  }
  const type = commonType(source.type, target.type);
  if (type === null && values === undefined) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}: ${tableName(monolith)}.${from} is ${source.type}, which ` +
        `${tableName(service)}.${to} (${target.type}) cannot carry both ways`,
      {
        remedy:
          'Give the service column a type that takes the same text, or map its values one by one.',
        details: { from: source.type, to: target.type },
      },
    );
  }
  const maps = values === undefined ? { forward: null, backward: null } : oneToOne(values, line);
  return {
    from,
    to,
    fromType: source.type,
    toType: target.type,
    compareType: type ?? 'text',
    ...maps,
  };
}

function oneToOne(
  values: Readonly<Record<string, string>>,
  line: string,
): { forward: Map<string, string>; backward: Map<string, string> } {
  const forward = new Map(Object.entries(values));
  const backward = new Map<string, string>();
  for (const [from, to] of forward) {
    const other = backward.get(to);
    if (other !== undefined) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.values: '${other}' and '${from}' both become '${to}', so there is no way back; values must be one-to-one`,
      );
    }
    backward.set(to, from);
  }
  return { forward, backward };
}
