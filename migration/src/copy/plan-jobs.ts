import type pg from 'pg';
import type { TableCatalog } from '../database/catalog.ts';
import {
  type CompiledMapping,
  distinctTables,
  mappingsOf,
  tableName,
} from '../mapping/compiled-mapping.ts';
import {
  type CopiedRange,
  copiedRanges,
  type CopyKey,
  copyKeys,
  forgetCopiedRanges,
} from '../replica/copy-progress.ts';
import type { CopyMark } from '../replica/copies.ts';
import type { CopyJob } from './copy-worker.ts';
import { rangeSize, rangesLeft } from './page-ranges.ts';
import type { TableProgress } from './progress.ts';
import type { MappedFiles } from './table-files.ts';

/**
 * What an earlier copy left. All changes from before the snapshot are applied to the rows that are there, so every one of them
 * is as the snapshot has it.
 */
export interface CopyToResume {
  /** Taken over: the earlier copier writes nothing any more. */
  readonly mark: CopyMark;
}

export interface CopyLeft {
  readonly ranges: readonly CopiedRange[];
  readonly keys: readonly CopyKey[];
}
export const nothingCopied: CopyLeft = { ranges: [], keys: [] };

/** The ranges that still mean the pages that they meant: a table which was stored anew has other ones, and is read whole. */
export async function readLeft({
  service,
  mapping,
  mark,
  files,
}: {
  readonly service: pg.Client;
  readonly mapping: CompiledMapping;
  readonly mark: CopyMark;
  /** Where the tables lie, and stay. */
  readonly files: MappedFiles;
}): Promise<CopyLeft> {
  const ranges: CopiedRange[] = [];
  const noted = await copiedRanges(service, mark.context);
  for (const table of distinctTables(mapping, 'monolith')) {
    const name = tableName(table);
    const done = noted.filter((range) => range.table === name);
    if (done.length === 0) continue;
    if (done.every((range) => range.files === files.get(name))) ranges.push(...done);
    else await forgetCopiedRanges(service, mark.context, name);
  }
  return { ranges, keys: await copyKeys(service, mark.context) };
}

const keysAtOnce = 200;

/**
 * Largest tables first, so that no big one begins when the others are done. The second list comes after the first: rows by
 * their keys and ranges of the same table would wait for each other.
 */
export function planJobs(
  mapping: CompiledMapping,
  catalogs: readonly TableCatalog[],
  progress: readonly TableProgress[],
  {
    left,
    ...sizes
  }: { readonly left: CopyLeft; readonly parallel: number; readonly bounded: boolean },
): readonly [CopyJob[], CopyJob[]] {
  const largestFirst = mapping.tables
    .map((table, index) => ({
      table,
      pages: catalogs[index]?.pages ?? 0,
      progress: progress[index],
    }))
    .sort((a, b) => b.pages - a.pages);
  return [
    largestFirst.flatMap(({ table, pages, progress: counter }): CopyJob[] => {
      if (counter === undefined) return [];
      const name = tableName(table.monolith);
      const parts = table.parts.map((part) => ({
        part,
        done: left.ranges.filter(
          (range) => range.table === name && range.part === tableName(part.service),
        ),
      }));
      const size = rangeSize(pages, sizes);
      return inTurns(
        parts.map(({ part, done }) =>
          rangesLeft(done, pages, size).map((range): CopyJob => ({
            kind: 'range',
            table,
            part,
            range,
            progress: counter,
          })),
        ),
      );
    }),
    largestFirst.flatMap(({ table, progress: counter }): CopyJob[] => {
      const name = tableName(table.monolith);
      const all = mappingsOf(mapping, name);
      // a row is read for all mappings of its table at once, because its key is forgotten then
      if (counter === undefined || table !== all[0]) return [];
      const keys = left.keys.filter((key) => key.table === name);
      return Array.from({ length: Math.ceil(keys.length / keysAtOnce) }, (_none, at) => ({
        kind: 'keys',
        table,
        all,
        keys: keys.slice(at * keysAtOnce, (at + 1) * keysAtOnce),
        progress: counter,
      }));
    }),
  ];
}

/** Parts of the same pages after each other: they are read from the source's memory the second time. */
function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_none, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  ).flat();
}
