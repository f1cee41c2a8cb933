import type { IdSource, OnReturn, RowCondition, Side } from '@strangler-toolkit/plan';
import type { CrossingKey } from './crossing-keys.ts';
import type { TableCatalog } from '../database/catalog.ts';
import type { Conversion } from './conversions/conversion.ts';

/** A monolith column and the service column that holds the same value. */
export interface ColumnLink {
  readonly from: string;
  readonly to: string;
  readonly fromType: string;
  readonly toType: string;
  /** Type to cast both sides to before comparing their text: the wider of the two. */
  readonly compareType: string;
  /** Null when values pass unchanged. */
  readonly conversion: Conversion | null;
  /** Where in the part it stands, when not under its name. */
  readonly within?: string;
}

/** Of the context file. */
export const lineOf = (part: { readonly line: string }, { from, within }: ColumnLink): string =>
  `${part.line}.${within ?? `columns.${from}`}`;

/** One service table that holds a part of a monolith table's columns, one row per monolith row. */
export interface CompiledPart {
  /** Where the context file says so: `contexts/catalog: tables[0].service[1]`. */
  readonly line: string;
  readonly service: TableCatalog;
  readonly columns: readonly ColumnLink[];
  /** Service columns in the order of the monolith key. */
  readonly key: readonly string[];
  readonly constants: Readonly<Record<string, string | null>>;
  /** Where several mappings fill the table. */
  readonly shared?: SharedTable;
  /** The rows are elements of another table's array as well. */
  readonly list?: CompiledList;
}

/** Rows of a service's table, and the array of another that holds them in their order. */
export interface CompiledList {
  readonly line: string;
  readonly rows: TableCatalog;
  /** What names a row. */
  readonly rowKey: readonly string[];
  readonly parent: TableCatalog;
  readonly column: string;
  readonly form: 'array' | 'jsonb';
  /** Columns of the rows with the key columns of the parent that they hold. */
  readonly key: readonly (readonly [string, string])[];
  readonly position: string;
  /** Of the first row that an array brings; null: a sequence gives positions out. */
  readonly first: number | null;
  readonly value: string;
  readonly valueType: string;
  /** Of rows that an array brings. */
  readonly constants: Readonly<Record<string, string | null>>;
}

/** Of a service table that several mappings fill: which of its rows are of one of them. */
export interface SharedTable {
  /** In the service's columns. */
  readonly where: RowCondition;
  /** Columns of the unique index that names a row: the key's, and those of `where`. */
  readonly unique: readonly string[];
  /** Of the first of them only: the rows of all others. What is nobody's counts as its own where it is compared, so it is seen. */
  readonly others?: readonly RowCondition[];
  /** The service writes all other rows itself (`append`): they are never ours to empty. */
  readonly bothWrite?: true;
}

export interface LeftColumn {
  readonly onReturn: OnReturn;
  readonly reason: string;
}

export interface CompiledTable {
  readonly line: string;
  readonly monolith: TableCatalog;
  readonly key: readonly string[];
  /** The first decides about existence. */
  readonly parts: readonly [CompiledPart, ...CompiledPart[]];
  /** Only these rows of the monolith's table are meant. */
  readonly where?: RowCondition;
  readonly leave: Readonly<Record<string, LeftColumn>>;
  /** By key column of the monolith: what its default does not tell. */
  readonly ids: Readonly<Record<string, IdSource>>;
  /** Monolith columns that no part takes (generated ones are not counted). */
  readonly leftBehind: readonly string[];
}

export interface CompiledMapping {
  readonly context: string;
  readonly tables: readonly CompiledTable[];
  /** Foreign keys of which one end is mapped, on both sides. */
  readonly crossing: readonly CrossingKey[];
}

/** What a row in the monolith's terms calls the value: a field of a JSON column is one of several values there. */
export const termOf = ({ from, conversion }: ColumnLink): string =>
  conversion?.field?.side === 'monolith'
    ? `${from} ${JSON.stringify(conversion.field.path)}`
    : from;

/** A column of a side as people read it: `address`, or `address.city`. */
export const shownColumn = (link: ColumnLink, side: Side): string =>
  [
    columnOn(link, side),
    ...(link.conversion?.field?.side === side ? link.conversion.field.path : []),
  ].join('.');

/** The column of a side. */
export const columnOn = (link: ColumnLink, side: Side): string =>
  side === 'monolith' ? link.from : link.to;

/** The monolith's columns that the mapping reads: those that parts take, and those that decide whether a row is meant. */
export const columnsRead = ({ parts, where = {} }: CompiledTable): string[] => [
  ...new Set([
    ...parts.flatMap((part) => part.columns.map(({ from }) => from)),
    ...Object.keys(where),
  ]),
];

/** Every mapping of a monolith's table: one, or one for each condition that tells its rows apart. */
export const mappingsOf = (
  { tables }: Pick<CompiledMapping, 'tables'>,
  name: string,
): readonly CompiledTable[] => tables.filter(({ monolith }) => tableName(monolith) === name);

/** Of all mappings, in their order. */
export const listsOf = ({ tables }: Pick<CompiledMapping, 'tables'>): readonly CompiledList[] =>
  tables.flatMap(({ parts }) => parts.flatMap(({ list }) => list ?? []));

/** The tables of a side that hold a mapped table's rows. */
export const tablesOn = (
  { monolith, parts }: CompiledTable,
  side: Side,
): readonly TableCatalog[] =>
  side === 'monolith' ? [monolith] : parts.map(({ service }) => service);

/** Of all mappings, each table once. */
export const distinctTables = (
  { tables }: Pick<CompiledMapping, 'tables'>,
  side: Side,
): readonly TableCatalog[] => {
  const found = tables.flatMap((table) => tablesOn(table, side));
  const names = found.map(tableName);
  return found.filter((table, index) => names.indexOf(tableName(table)) === index);
};

export const tableName = (table: { readonly schema: string; readonly table: string }): string =>
  `${table.schema}.${table.table}`;
