import { mappedColumns } from './mapped-columns.ts';
import type { MigrationDefinition } from './migration.ts';
import type { Problem } from './one-way-problems.ts';
import type { ListMapping, TargetTable } from './table-mapping.ts';

/** `items` and `public.items` are one table. */
const qualified = (table: string): string => (table.includes('.') ? table : `public.${table}`);
const mappedTo = ({ columns }: TargetTable): string[] =>
  Object.values(columns).map((to) => (typeof to === 'string' ? to : to.to));

/** What the files alone tell of lists that could not be kept exact; the catalogs tell the rest. */
export function listProblems({ tables = [] }: Pick<MigrationDefinition, 'tables'>): Problem[] {
  const parts = tables.flatMap(({ service }) => service);
  const kept = new Set<string>();
  return tables.flatMap((table, index) =>
    table.service.flatMap((part, at) => {
      const { list } = part;
      if (list === undefined) return [];
      const field = `tables[${index}].service[${at}].list`;
      const twice = kept.has(placeOf(list));
      kept.add(placeOf(list));
      return [
        ...ofRows(part, list, field),
        ...ofParent(part, list, { field, parts }),
        ...(twice
          ? [{ field: `${field}.column`, message: `"${list.column}" holds another list already` }]
          : []),
        ...(table.service.length > 1
          ? [{ field, message: 'needs whole rows: its table must be the only one of its mapping' }]
          : []),
        ...(table.append !== undefined
          ? [{ field, message: 'has one writer at a time, so it cannot stand beside append' }]
          : []),
      ];
    }),
  );
}

const placeOf = ({ parent, column }: ListMapping): string => `${qualified(parent)} ${column}`;

/** The list's array is made of the rows, so all that it is made of must come with them. */
function ofRows(
  part: TargetTable,
  { key, position, value }: ListMapping,
  field: string,
): Problem[] {
  const columns = new Set(mappedTo(part));
  const used = [
    ...Object.keys(key).map((column) => [`key.${column}`, column] as const),
    ['position', position] as const,
    ['value', value] as const,
  ];
  const named = used.map(([, column]) => column);
  return used.flatMap(([name, column], index) => {
    if (!columns.has(column))
      return [
        {
          field: `${field}.${name}`,
          message: `"${column}" must be a column of "${part.table}" that the monolith's rows are mapped to`,
        },
      ];
    return named.indexOf(column) < index
      ? [{ field: `${field}.${name}`, message: `"${column}" has another part in it already` }]
      : [];
  });
}

function ofParent(
  part: TargetTable,
  list: ListMapping,
  { field, parts }: { readonly field: string; readonly parts: readonly TargetTable[] },
): Problem[] {
  const problem = (name: string, message: string): Problem[] => [
    { field: `${field}.${name}`, message },
  ];
  if (qualified(list.parent) === qualified(part.table))
    return problem('parent', `"${list.parent}" is the table of the rows themselves`);
  const [parent, ...more] = parts.filter(
    ({ table }) => qualified(table) === qualified(list.parent),
  );
  if (parent === undefined)
    return problem('parent', `"${list.parent}" is no table of the service that this context maps`);
  if (more.length > 0 || parts.filter(({ table }) => table === part.table).length > 1)
    return problem('parent', 'and rows must each be filled by one mapping: a list is of one kind');
  const written = mappedColumns(parent).map(({ mapping }) => mapping.to);
  if (written.includes(list.column) || list.column in (parent.constants ?? {}))
    return problem(
      'column',
      `"${list.column}" is mapped from the monolith as well: rows there become an array here; ` +
        'an array there travels whole, and is not taken apart into rows',
    );
  return [];
}
