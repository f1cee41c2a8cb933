import type { ColumnCatalog, ForeignKeyCatalog } from '../database/catalog.ts';
import { displayTable, type TableName } from '../database/identifiers.ts';

/** A column that is called as if it referred to another table's key, and no foreign key says so. */
export interface LikelyReference {
  readonly child: TableName & { readonly column: string };
  readonly parent: TableName & { readonly column: string };
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** `categories` is also `category`, `boxes` also `box`. */
const singulars = (name: string): string[] => [
  name,
  name.replace(/ies$/, 'y'),
  name.replace(/es$/, ''),
  name.replace(/s$/, ''),
];
const endings = ['id', 'no', 'nr', 'number', 'uuid', 'code', 'key', 'ref'];
/** Names of keys that say nothing of their table. */
const common = new Set([...endings, 'name', 'pk', 'slug', 'type']);

const calls = (column: string, parent: TableName, key: string): boolean => {
  const name = plain(column);
  if (name === plain(key) && !common.has(name)) return true;
  return singulars(plain(parent.table)).some((table) =>
    endings.some((ending) => name === `${table}${ending}`),
  );
};

/** What it takes to guess. */
export type TableOutline = TableName & {
  readonly columns: readonly Pick<ColumnCatalog, 'name' | 'type'>[];
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly Pick<ForeignKeyCatalog, 'columns'>[];
};

/**
 * A guess by names and types that helps a person, never a proof: who checks such an id does it in the application. `anyName`: of
 * types whose values are nowhere twice by accident, for whoever looks at the values.
 */
export function likelyReferences(
  children: readonly TableOutline[],
  parents: readonly TableOutline[],
  anyName: readonly string[] = [],
): LikelyReference[] {
  return children.flatMap((child) =>
    child.columns
      .filter(({ name }) => child.foreignKeys.every((key) => !key.columns.includes(name)))
      .flatMap(({ name, type }): LikelyReference[] =>
        parents.flatMap((parent): LikelyReference[] => {
          const [key, ...more] = parent.primaryKey;
          if (key === undefined || more.length > 0) return [];
          if (displayTable(parent) === displayTable(child)) return [];
          if (parent.columns.find((column) => column.name === key)?.type !== type) return [];
          if (!calls(name, parent, key) && !anyName.includes(type)) return [];
          return [
            {
              child: { schema: child.schema, table: child.table, column: name },
              parent: { schema: parent.schema, table: parent.table, column: key },
            },
          ];
        }),
      ),
  );
}
