import catalog from '../../../contexts/catalog.ts';

/** A change of the shop as a reader of its change stream sees it; of every other field the catalog knows nothing. */
export interface Change {
  readonly op: string;
  readonly after: Readonly<Record<string, string | null>> | null;
  readonly source: { readonly schema: string; readonly table: string };
}

export interface CatalogRow {
  readonly table: string;
  readonly row: Readonly<Record<string, string | null>>;
}

/** What the catalog makes of a change, read as its context file says: the columns that it maps, and the words of an enum that it knows. */
export function readChange({ after, source }: Change): readonly CatalogRow[] {
  const table = catalog.tables?.find(({ monolith }) => monolith === source.table);
  if (source.schema !== 'public' || table === undefined || after === null) return [];
  return table.service.map((part) => ({
    table: part.table,
    row: Object.fromEntries(
      Object.entries(part.columns).map(([from, link]) => {
        const value = after[from];
        if (value === undefined) throw new Error(`${source.table}.${from} is not in the change`);
        if (typeof link === 'string') return [link, value];
        const words = 'values' in link ? link.values : undefined;
        if (words === undefined || value === null) return [link.to, value];
        const word = words[value];
        if (word === undefined) throw new Error(`${source.table}.${from}: nobody knows "${value}"`);
        return [link.to, word];
      }),
    ),
  }));
}
