import type { TableCatalog } from '../database/catalog.ts';
import { tableName } from '../mapping/compiled-mapping.ts';
import type { SchemaFinding } from './finding.ts';
import type { SchemaChange } from './change.ts';

const typesOf = ({ columns }: TableCatalog): ReadonlyMap<string, string> =>
  new Map(columns.map(({ name, type }) => [name, type]));

/** What else changed of mapped tables: nothing happens, and whoever asked learns that it was seen. */
export function passing(
  { before, after, same }: SchemaChange,
  told: readonly SchemaFinding[],
): SchemaFinding[] {
  return after.catalogs.flatMap((table) => {
    const was = before.catalogs.find((one) => tableName(one) === tableName(table));
    if (was === undefined) return [];
    const [types, earlier] = [typesOf(table), typesOf(was)];
    const numbered = same ? before.shapes.find(({ name }) => name === tableName(table)) : undefined;
    const numbers = after.shapes.find(({ name }) => name === tableName(table))?.columns ?? {};
    /** Its old name is told of. */
    const renamed = (column: string): boolean =>
      Object.entries(numbers).some(
        ([number, name]) => name === column && numbered?.columns[number] !== undefined,
      );
    const pass = (column: string, what: string): SchemaFinding => ({
      effect: 'passes',
      table: tableName(table),
      column,
      line: null,
      what: `${tableName(table)}.${column} ${what}`,
      steps: [],
    });
    return [...new Set([...earlier.keys(), ...types.keys()])]
      .filter((name) =>
        told.every(
          ({ table: named, column, what }) =>
            (named !== tableName(table) || column !== name) &&
            !what.startsWith(`column ${name} of table ${tableName(table)} `),
        ),
      )
      .flatMap((name) => {
        const [then, now] = [earlier.get(name), types.get(name)];
        if (then === now) return [];
        if (then === undefined)
          return renamed(name) ? [] : [pass(name, `is new (${now ?? ''}) and not mapped`)];
        if (now === undefined) return [pass(name, 'goes, and was not mapped')];
        return [pass(name, `becomes ${now} (was ${then})`)];
      });
  });
}
