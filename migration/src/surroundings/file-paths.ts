import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { parseType } from '../mapping/type-compatibility.ts';
import { type MappedColumn, mappedColumns } from './mapped-columns.ts';
import type { Surrounding } from './surrounding.ts';

const namedAsFile =
  /(^|_)(path|file|filename|filepath|attachment|upload|image|photo|picture|avatar|document|scan|pdf)s?(_|$)/i;
/** Whether a column's name says that it names files. */
export const namesFiles = (column: string): boolean =>
  namedAsFile.test(column.replace(/([a-z])([A-Z])/g, '$1_$2'));
const withEnding = /\.[a-z0-9]{1,8}$/i;
const wholePath =
  /^(?:file:\/\/|\/|\.{1,2}\/|[a-z]:[\\/]|\\\\|(?:[\w.-]+[\\/])+)[^\s?#:]*\.[a-z0-9]{1,8}$/i;

/**
 * Whether a value is likely the path of a file: sure enough by itself, or with the column's name, where no `bytea` beside it
 * holds the content. Pure.
 */
export const looksLikeFile = (column: string, value: string, contentBeside = false): boolean =>
  wholePath.test(value) ||
  (!contentBeside && namesFiles(column) && !value.includes('://') && withEnding.test(value));

/** Rows of a table that are looked at. */
const sample = 200;

/** By `table.column`: a value that looks like the path of a file. Reads a few rows of each table. */
export async function readFilePaths(
  mapping: CompiledMapping,
  monolith: pg.Client,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const candidates = mappedColumns(mapping).filter(
    ({ link, monolith: { type, baseType } }) =>
      link.conversion === null &&
      ['text', 'character varying'].includes(parseType(baseType ?? type).base),
  );
  for (const table of mapping.tables) {
    const columns = candidates.filter((column) => column.table === table);
    if (columns.length === 0) continue;
    for (const [name, value] of await sampleOf(columns, monolith)) found.set(name, value);
  }
  return found;
}

async function sampleOf(
  columns: readonly MappedColumn[],
  monolith: pg.Client,
): Promise<[string, string][]> {
  const [first] = columns;
  if (first === undefined) return [];
  const names = columns.map(({ link }) => `left(${quoteIdentifier(link.from)}::text, 1000)`);
  const { rows } = await monolith.query<(string | null)[]>({
    text: `SELECT ${names.join(', ')} FROM ${quoteTable(first.table.monolith)} LIMIT ${sample}`,
    rowMode: 'array',
  });
  const contentBeside = first.table.monolith.columns.some(({ type }) => type === 'bytea');
  return columns.flatMap(({ name, link }, index): [string, string][] => {
    const value = rows
      .map((row) => row[index] ?? '')
      .find((one) => looksLikeFile(link.from, one, contentBeside));
    return value === undefined ? [] : [[name, value]];
  });
}

/** A path travels, its file does not: who sees to the files is for people to say. */
export function fileSurroundings(
  found: ReadonlyMap<string, string>,
  mapping: CompiledMapping,
  definition: MigrationDefinition,
): Surrounding[] {
  const kind = 'files' as const;
  const line = `contexts/${definition.context}: files`;
  const decided = Object.entries(definition.files ?? {});
  const open = [...found].filter(([name]) => definition.files?.[name] === undefined);
  const mapped = new Set(mappedColumns(mapping).map(({ name }) => name));
  return [
    ...open.map(([name, value]): Surrounding => ({
      kind,
      about: `files ${name}`,
      decision: null,
      problem: `it seems to hold paths of files (${value}): the path travels, the file does not`,
      remedy:
        `${line}['${name}']: { storage: 'shared' (both sides see the same files), 'copied' (you copy them, both ways) ` +
        `or 'none' (no paths), reason: '…' }`,
    })),
    ...decided.map(([name, { storage, reason }]): Surrounding =>
      mapped.has(name)
        ? { kind, about: `files ${name}`, decision: `${storage}: ${reason}` }
        : {
            kind,
            about: `files ${name}`,
            decision: null,
            problem: 'no such column of the monolith is mapped',
            remedy: `Mend or remove ${line}['${name}']`,
          },
    ),
  ];
}
