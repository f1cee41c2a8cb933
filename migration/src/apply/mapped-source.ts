import {
  columnsRead,
  type CompiledPart,
  type CompiledTable,
  termOf,
} from '../mapping/compiled-mapping.ts';
import { projectBackward } from '../mapping/project.ts';
import type { Row } from '../stream/change-event.ts';
import type { Meant } from './row-passage.ts';

/** A table whose events come, and how its rows read as rows of the monolith. */
export interface Source {
  readonly table: number;
  readonly name: string;
  readonly key: readonly string[];
  /** Monolith columns that this source carries. */
  readonly columns: readonly string[];
  readonly line: string;
  /** Whether it decides about the row's existence. */
  readonly first: boolean;
  /** Whether it carries every mapped column. */
  readonly whole: boolean;
  /** Only these of its rows are meant. */
  readonly where?: Meant;
  /** A row that is none of any mapping's is a mistake. */
  readonly strays: boolean;
  /** Where the key is among columns that hold all of these; null also when its rows are not in the monolith's terms as they are. */
  readonly keysIn: (columns: readonly string[]) => readonly number[] | null;
  /** A row in the monolith's terms; it may hold columns that are not mapped as well. */
  readonly project: (row: Row) => Row;
  /** Of its key alone: what else an old row held, the mapping need not carry. */
  readonly projectKey: (row: Row) => Row;
  /** The key in the monolith's terms, also of a row whose other columns the mapping cannot carry. */
  readonly keyOnly: (row: Row) => Record<string, string | null>;
}

export function forwardSource(table: CompiledTable, index: number): Source {
  const columns = columnsRead(table);
  return {
    table: index,
    name: `${table.monolith.schema}.${table.monolith.table}`,
    key: table.key,
    columns,
    line: table.line,
    first: true,
    whole: true,
    strays: false,
    ...(table.where && {
      where: {
        condition: table.where,
        byKey: Object.keys(table.where).every((column) => table.key.includes(column)),
      },
    }),
    keysIn: keyFinder(columns, table.key),
    project: (row) => row,
    projectKey: (row) => pick(row, table.key),
    keyOnly: (row) => pick(row, table.key),
  };
}

function keyFinder(needed: readonly string[], key: readonly string[]): Source['keysIn'] {
  let known: readonly string[] | undefined;
  let found: readonly number[] | null = null;
  return (columns) => {
    if (columns !== known) {
      known = columns;
      found = needed.every((column) => columns.includes(column))
        ? key.map((column) => columns.indexOf(column))
        : null;
    }
    return found;
  };
}

export function reverseSource(
  table: CompiledTable,
  index: number,
  part: CompiledPart,
  first: boolean,
): Source {
  const columns = part.columns.map(termOf);
  const keyPart = { ...part, columns: part.columns.filter(({ from }) => table.key.includes(from)) };
  const name = `${part.service.schema}.${part.service.table}`;
  return {
    table: index,
    name,
    key: table.key,
    columns,
    line: part.line,
    first,
    whole: table.parts.length === 1,
    strays: part.shared !== undefined,
    // its columns are in the table's primary key
    ...(part.shared && { where: { condition: part.shared.where, byKey: true } }),
    keysIn: () => null,
    project: (row) => projectBackward(part, row),
    projectKey: (row) => projectBackward(keyPart, row),
    keyOnly: (row) => keyBackward(keyPart, row),
  };
}

function keyBackward(part: CompiledPart, row: Row): Record<string, string | null> {
  const key: Record<string, string | null> = {};
  for (const link of part.columns) {
    const value = row[link.to];
    if (value !== undefined)
      key[link.from] = value === null ? null : (link.conversion?.backward.text?.(value) ?? value);
  }
  return key;
}

/** The values of some columns, those that the row has. */
const pick = (row: Row, columns: readonly string[]): Record<string, string | null> => {
  const result: Record<string, string | null> = {};
  for (const column of columns) {
    const value = row[column];
    if (value !== undefined) result[column] = value;
  }
  return result;
};
