import { type MappedColumn, type Side, StranglerError } from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { type ColumnLink, tableName } from './compiled-mapping.ts';
import { functionPair } from './conversions/functions.ts';
import { fieldOfJson } from './conversions/json-field.ts';
import { namedConversion } from './conversions/named.ts';
import { listedValues } from './conversions/values.ts';
import { differentMeaning } from './different-meaning.ts';
import { commonType, parseType } from './type-compatibility.ts';

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

export function compileColumn(
  { monolith, service }: Readonly<Record<Side, TableCatalog>>,
  { from, mapping, gathered, line: within }: MappedColumn,
  partLine: string,
): ColumnLink {
  const { to, values, zone, as, functions, letters, field } = mapping;
  const line = `${partLine}.${within}`;
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
  const columns = {
    monolith: { name: `${tableName(monolith)}.${from}`, type: source.baseType ?? source.type },
    service: { name: `${tableName(service)}.${to}`, type: target.baseType ?? target.type },
  };
  const named = as
    ? namedConversion({ as, ...(letters && { letters }), line, columns })
    : functions
      ? functionPair({ functions, line, columns })
      : field &&
        gathered &&
        fieldOfJson({
          side: gathered,
          path: field,
          line,
          columns,
        });
  if (named !== undefined)
    refuseDrawn(`${line}.${as ? 'as' : functions ? 'functions' : 'field'}`, [source, target]);
  const other = differentMeaning({
    monolith: source,
    service: target,
    values,
    zone,
    converted: named !== undefined,
  });
  if (other !== null) {
    throw new StranglerError(
      other.code,
      `${line}: ${tableName(monolith)}.${from} (${source.type}) and ${tableName(service)}.${to} (${target.type}): ${other.problem}`,
      {
        remedy: other.remedy,
        details: { finding: other.kind, from: source.type, to: target.type },
      },
    );
  }
  const type = commonType(source.type, target.type);
  const conversion = named ?? (values === undefined ? null : listedValues(values, line));
  if (type === null && conversion === null) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}: ${tableName(monolith)}.${from} is ${source.type}, which ` +
        `${tableName(service)}.${to} (${target.type}) cannot carry both ways`,
      {
        remedy: gathersValues(source) === gathersValues(target) ? otherTypeRemedy : gatheredRemedy,
        details: { from: source.type, to: target.type },
      },
    );
  }
  return {
    from,
    to,
    fromType: source.type,
    toType: target.type,
    compareType: type ?? 'text',
    conversion,
    ...(gathered === 'monolith' && { within }),
  };
}

const otherTypeRemedy =
  'Give the service column a type that takes the same text, convert its values (as, or functions of your own), or map them one by ' +
  'one (values).';

const gatheredRemedy =
  'Fields of a JSON value and elements of an array are not taken apart, nor put together, unless the mapping names a field of jsonb ' +
  '(fields: [{ from, field, to }], or { to, field }). Map the whole value to a column of the same type; a column ' +
  'GENERATED ALWAYS AS (… ->> …) STORED of either database can show a part of it, and is left out of the mapping. ' +
  'Rows of a child table may be an array as well: see list.';

/** Whether a value of the column is several. */
const gathersValues = ({ type, baseType }: ColumnCatalog): boolean => {
  const { base, array } = parseType(baseType ?? type);
  return array || base === 'json' || base === 'jsonb';
};

/** New ids of the two sides would count in different units. */
function refuseDrawn(line: string, ends: readonly ColumnCatalog[]): void {
  const drawn = ends.find(({ sequence }) => (sequence ?? null) !== null);
  if (drawn !== undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}: ${drawn.name} draws from the sequence ${drawn.sequence ?? ''}, whose numbers the other side would not understand`,
      { remedy: 'Map ids as they are, without a conversion.' },
    );
}
