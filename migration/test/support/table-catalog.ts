import type { ColumnCatalog, TableCatalog } from '../../src/database/catalog.ts';

/** A plain column as the catalogs tell of it. */
export const columnCatalog = (
  name: string,
  type: string,
  more: Partial<ColumnCatalog> = {},
): ColumnCatalog => ({
  name,
  type,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: null,
  sequence: null,
  collatable: false,
  enumLabels: null,
  ...more,
});

/** A plain table with this key. */
export const tableCatalog = (
  table: string,
  columns: readonly ColumnCatalog[],
  { key, ...more }: Partial<TableCatalog> & { readonly key: readonly string[] },
): TableCatalog => ({
  schema: 'public',
  table,
  kind: 'table',
  columns,
  primaryKey: key,
  primaryKeyDeferrable: false,
  replicaIdentity: 'default',
  identityColumns: key,
  estimatedRows: 0,
  pages: 0,
  foreignKeys: [],
  ...more,
});
