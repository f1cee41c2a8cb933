import { type Direction, type RowCondition, targetOf } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { converted } from '../copy/projection-sql.ts';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { isUniqueKey } from '../mapping/compile-mapping.ts';
import {
  type ColumnLink,
  columnOn,
  type CompiledMapping,
  type CompiledTable,
  termOf,
} from '../mapping/compiled-mapping.ts';
import type { AnyWay, Refusal } from '../mapping/conversions/conversion.ts';
import { givenType } from '../mapping/conversions/functions.ts';
import { expressionsOf } from '../mapping/expressions.ts';
import { noFields } from '../mapping/merge-fields.ts';
import { projectForward } from '../mapping/project.ts';
import { withoutLength } from '../mapping/type-compatibility.ts';
import type { ColumnText } from '../stream/change-event.ts';
import type { LogicalRow } from './row-change.ts';
import { type WatchedKey, watchedKeys } from './watched-keys.ts';

/** A table that the applier writes, and how a row in the monolith's terms becomes a row of it. */
export interface WriteTarget {
  readonly name: string;
  readonly key: readonly string[];
  readonly inputs: readonly TargetInput[];
  /** Column → type to cast its text to, without a length. */
  readonly castTypes: ReadonlyMap<string, string>;
  /** Column → what the server makes of the value that the source has; the text of it comes as it is. */
  readonly converted: ReadonlyMap<string, WrittenWay>;
  /** Input that is a field of a JSON column → that column. */
  readonly fields: ReadonlyMap<string, WrittenField>;
  /** Values of a new row's other columns; an existing row keeps its own. */
  readonly extras: ReadonlyMap<string, string | null>;
  /** Column → what SQL says that it holds, of every row that is written. */
  readonly derived: ReadonlyMap<string, string>;
  /** Columns that only the database may set (GENERATED ALWAYS AS IDENTITY). */
  readonly fixed: ReadonlySet<string>;
  /** Whether ON CONFLICT has an index to look at. */
  readonly unique: boolean;
  readonly partitioned: boolean;
  /** Rows that are not these are not ours to touch. */
  readonly where?: RowCondition;
  /** Whether a row can tell beforehand that it is none of these; it cannot where `where` is over what the mapping sets. */
  readonly asked?: boolean;
  /** Columns of the unique index that ON CONFLICT looks at, where the key is not all of them. */
  readonly conflict?: readonly string[];
  /** Foreign keys across the border that writes of this table look after. */
  readonly watched: readonly WatchedKey[];
}

export interface WrittenWay {
  /** Type that the source's text is read as. */
  readonly given: string;
  readonly way: AnyWay & Refusal;
}

export interface WrittenField {
  readonly column: string;
  readonly path: readonly string[];
  /** SQL of what the column of a new row holds beside its fields. */
  readonly empty: string;
}

/** A column of the table (or a field of one) and where its value comes from. */
export interface TargetInput {
  readonly column: string;
  readonly from: string;
  /** @throws StranglerError CONFIG_INVALID for a value that the mapping cannot carry; null passes every value as it is */
  readonly translate: ((value: ColumnText) => ColumnText) | null;
}

/** What a row in the monolith's terms says of a table's columns. */
export function projectOnto({ inputs }: WriteTarget, row: LogicalRow): LogicalRow {
  const result: Record<string, ColumnText> = {};
  for (const input of inputs) {
    const value = inputValue(input, row);
    if (value !== undefined) result[input.column] = value;
  }
  return result;
}

/** Undefined when the row says nothing of the column. */
export function inputValue(
  { from, translate }: TargetInput,
  row: LogicalRow,
): ColumnText | undefined {
  const value = row[from];
  return value === undefined || translate === null ? value : translate(value);
}

/** Per table of the mapping the tables to write; the one that decides about existence first. */
export function writeTargets(
  mapping: CompiledMapping,
  direction: Direction,
): readonly (readonly WriteTarget[])[] {
  return mapping.tables.map((table) =>
    direction === 'forward' ? forwardTargets(mapping, table) : [reverseTarget(mapping, table)],
  );
}

function forwardTargets(mapping: CompiledMapping, table: CompiledTable): WriteTarget[] {
  return table.parts.map((part) => ({
    ...describe(part.service, part.key, {
      unique: part.shared?.unique ?? part.key,
      how: howWritten(part.columns, 'forward', part.service),
    }),
    ...(part.shared && { where: part.shared.where, conflict: part.shared.unique }),
    extras: new Map(Object.entries(part.constants)),
    derived: new Map(),
    watched: watchedKeys(mapping, 'forward', part.service),
  }));
}

/** What one side's links say of how the other side's table is written. */
function howWritten(
  links: readonly ColumnLink[],
  direction: Direction,
  table: TableCatalog,
): Pick<WriteTarget, 'inputs' | 'converted' | 'fields'> & { types: [string, string][] } {
  const inputs = new Map<string, TargetInput>();
  const converted = new Map<string, WrittenWay>();
  const fields = new Map<string, WrittenField>();
  const types: [string, string][] = [];
  const side = targetOf(direction);
  for (const [index, link] of links.entries()) {
    const { conversion } = link;
    const way = conversion?.[side === 'service' ? 'forward' : 'backward'];
    const name = columnOn(link, side);
    const column = conversion?.field?.side === side ? `strangler_field_${index}` : name;
    // a key column is in every part
    if (inputs.has(column)) continue;
    inputs.set(column, {
      column,
      from: side === 'service' ? link.from : termOf(link),
      translate: conversion === null || side === 'monolith' ? null : translation(link),
    });
    if (way?.text === null)
      converted.set(column, {
        given: givenType(side === 'service' ? link.fromType : link.toType),
        way,
      });
    if (column === name) continue;
    const held = table.columns.find((one) => one.name === name);
    types.push([column, 'jsonb']);
    fields.set(column, {
      column: name,
      path: conversion?.field?.path ?? [],
      empty: noFields(held?.notNull === true),
    });
  }
  return { inputs: [...inputs.values()], converted, fields, types };
}

const translation =
  (link: ColumnLink) =>
  (value: ColumnText): ColumnText =>
    projectForward({ columns: [link] }, { [link.from]: value })[link.to] ?? null;

function reverseTarget(mapping: CompiledMapping, table: CompiledTable): WriteTarget {
  const links = table.parts.flatMap((part) => part.columns);
  const extras = new Map<string, string | null>();
  for (const [column, { onReturn }] of Object.entries(table.leave))
    if (onReturn !== 'default' && 'value' in onReturn) extras.set(column, onReturn.value);
  return {
    ...describe(table.monolith, table.key, {
      unique: table.key,
      how: howWritten(links, 'reverse', table.monolith),
    }),
    extras,
    ...(table.where && { where: table.where, asked: true }),
    derived: expressionsOf(table),
    watched: watchedKeys(mapping, 'reverse', table.monolith),
  };
}

function describe(
  table: TableCatalog,
  key: readonly string[],
  {
    unique,
    how: { types, ...how },
  }: { readonly unique: readonly string[]; readonly how: ReturnType<typeof howWritten> },
): Omit<WriteTarget, 'extras' | 'derived' | 'watched'> {
  return {
    name: quoteTable(table),
    key,
    ...how,
    castTypes: new Map([
      ...table.columns.map((column): [string, string] => [column.name, withoutLength(column.type)]),
      ...types,
    ]),
    fixed: new Set(
      table.columns.filter((column) => column.identity === 'always').map((column) => column.name),
    ),
    unique: isUniqueKey(table, unique) && !table.primaryKeyDeferrable,
    partitioned: table.kind === 'partitioned',
  };
}

export const castOf = (target: WriteTarget, column: string, expression: string): string =>
  `CAST(${expression} AS ${target.castTypes.get(column) ?? 'text'})`;

/** A column's value from the text of the source's. */
export function valueOf(target: WriteTarget, column: string, text: string): string {
  const conversion = target.converted.get(column);
  if (conversion === undefined) return castOf(target, column, text);
  const given = `CAST(${text} AS ${conversion.given})`;
  return castOf(target, column, converted(given, conversion.way));
}

export const quoted = (columns: readonly string[], prefix = ''): string =>
  columns.map((column) => `${prefix}${quoteIdentifier(column)}`).join(', ');
