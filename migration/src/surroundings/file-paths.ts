import { codeOf, type MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { isConnectionFailure } from '../database/failures.ts';
import {
  displayTable,
  quoteIdentifier,
  quoteTable,
  type TableName,
} from '../database/identifiers.ts';
import { withoutValues } from '../database/without-values.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { parseType } from '../mapping/type-compatibility.ts';
import { type MappedColumn, mappedColumns } from './mapped-columns.ts';
import type { Surrounding } from './surrounding.ts';

const namedAsFile =
  /(^|_)(path|file|filename|filepath|attachment|upload|image|photo|picture|avatar|document|scan|pdf)s?(_|$)/i;
/** Whether a column's name says that it names files. */
export const namesFiles = (column: string): boolean =>
  namedAsFile.test(column.replace(/([a-z])([A-Z])/g, '$1_$2'));
// of digits alone it is a number or a version (curl/8.5.0)
const ending = String.raw`\.(?=[a-z0-9]*[a-z])[a-z0-9]{1,8}$`;
const withEnding = new RegExp(ending, 'i');
const wholePath = new RegExp(
  String.raw`^(?:file:\/\/|\/|\.{1,2}\/|[a-z]:[\\/]|\\\\|(?:[\w.-]+[\\/])+)[^\s?#:]*` + ending,
  'i',
);

/**
 * Whether a value is likely the path of a file: sure enough by itself, or with the column's name, where no `bytea` beside it
 * holds the content. Pure.
 */
export const looksLikeFile = (column: string, value: string, contentBeside = false): boolean =>
  wholePath.test(value) ||
  (!contentBeside && namesFiles(column) && !value.includes('://') && withEnding.test(value));

/** Rows of a table that are looked at. */
const sample = 200;
/** Behind a lock, or where a table's first pages are empty, a look would hang whoever asks. */
const patienceSeconds = 2;

export interface FilesSeen {
  /** By `table.column`: how a value ends that looks like the path of a file. What else stands in a row is nobody's business here. */
  readonly endings: ReadonlyMap<string, string>;
  /** Tables that could not be looked at, and why; with their columns in question. */
  readonly unseen: readonly { table: string; why: string; columns: readonly string[] }[];
}

/** Reads a few rows of each table that has columns of which nobody decided. */
export async function readFilePaths(
  mapping: CompiledMapping,
  { files = {} }: Pick<MigrationDefinition, 'files'>,
  monolith: pg.Client,
): Promise<FilesSeen> {
  const endings = new Map<string, string>();
  const unseen: FilesSeen['unseen'][number][] = [];
  const candidates = mappedColumns(mapping).filter(
    ({ name, link, monolith: { type, baseType } }) =>
      files[name] === undefined &&
      link.conversion === null &&
      ['text', 'character varying'].includes(parseType(baseType ?? type).base),
  );
  for (const table of mapping.tables) {
    const columns = candidates.filter((column) => column.table === table);
    if (columns.length === 0) continue;
    const found = await sampleOf(columns, monolith);
    if (typeof found === 'string')
      unseen.push({
        table: displayTable(table.monolith),
        why: found,
        columns: columns.map(({ name }) => name),
      });
    else for (const [name, end] of found) endings.set(name, end);
  }
  return { endings, unseen };
}

/** What is found, or why nothing was looked at. */
async function sampleOf(
  columns: readonly MappedColumn[],
  monolith: pg.Client,
): Promise<[string, string][] | string> {
  const [first] = columns;
  if (first === undefined) return [];
  const rows = await fewRows(first.table.monolith, columns, monolith);
  if (typeof rows === 'string') return rows;
  const contentBeside = first.table.monolith.columns.some(({ type }) => type === 'bytea');
  return columns.flatMap(({ name, link }, index): [string, string][] => {
    const value = rows
      .map((row) => row[index] ?? '')
      .find((one) => looksLikeFile(link.from, one, contentBeside));
    return value === undefined ? [] : [[name, withEnding.exec(value)?.[0] ?? '']];
  });
}

async function fewRows(
  table: TableName,
  columns: readonly MappedColumn[],
  monolith: pg.Client,
): Promise<(string | null)[][] | string> {
  const names = columns.map(({ link }) => `left(${quoteIdentifier(link.from)}::text, 1000)`);
  await monolith.query(`SET statement_timeout = '${patienceSeconds}s'`);
  try {
    const { rows } = await monolith.query<(string | null)[]>({
      text: `SELECT ${names.join(', ')} FROM ${quoteTable(table)} LIMIT ${sample}`,
      rowMode: 'array',
    });
    await monolith.query('SET statement_timeout = 0');
    return rows;
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    // in a transaction of the caller's nothing can be asked after that
    await monolith.query('SET statement_timeout = 0').catch(() => {
      throw error;
    });
    return codeOf(error) === '57014'
      ? `no answer for ${patienceSeconds} s, as behind a lock`
      : withoutValues(error);
  }
}

/** A path travels, its file does not: who sees to the files is for people to say. */
export function fileSurroundings(
  { endings, unseen }: FilesSeen,
  mapping: CompiledMapping,
  definition: MigrationDefinition,
): Surrounding[] {
  const kind = 'files' as const;
  const line = `contexts/${definition.context}: files`;
  const decided = Object.entries(definition.files ?? {});
  const mapped = new Set(mappedColumns(mapping).map(({ name }) => name));
  return [
    ...unseen.map(({ table, why, columns }): Surrounding => ({
      kind,
      about: `files ${table}`,
      decision: null,
      problem: `not looked at (${why}): whether ${columns.join(', ')} hold paths of files is not known`,
      remedy: `Look again once the table can be read, or decide its columns: ${line}['${columns[0]}']: …`,
    })),
    ...[...endings].map(([name, end]): Surrounding => ({
      kind,
      about: `files ${name}`,
      decision: null,
      problem: `it seems to hold paths of files (…${end}): the path travels, the file does not`,
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
