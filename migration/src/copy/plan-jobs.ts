import type pg from 'pg';
import type { TableCatalog } from '../database/catalog.ts';
import { quoteTable } from '../database/identifiers.ts';
import { type CompiledMapping, tableName } from '../mapping/compiled-mapping.ts';
import {
  type CopiedRange,
  copiedRanges,
  type CopyKey,
  copyKeys,
  forgetCopiedRanges,
} from '../replica/copy-progress.ts';
import type { CopyMark } from '../replica/copies.ts';
import type { CopyJob } from './copy-worker.ts';
import { CannotResume } from './cut-off.ts';
import { rangeSize, rangesLeft } from './page-ranges.ts';
import type { TableProgress } from './progress.ts';
import { tableFiles } from './table-files.ts';

/**
 * What an earlier copy left. All changes from before the snapshot are applied to the rows that are there, so every one of them
 * is as the snapshot has it.
 */
export interface CopyToResume {
  /** Taken over: the earlier copier writes nothing any more. */
  readonly mark: CopyMark;
  /** `tableFiles` of each mapped table, asked before the snapshot was made. */
  readonly filesBefore: ReadonlyMap<string, string>;
}

export interface CopyLeft {
  readonly ranges: readonly CopiedRange[];
  readonly keys: readonly CopyKey[];
}
export const nothingCopied: CopyLeft = { ranges: [], keys: [] };

/**
 * The ranges that still mean the pages that they meant: a table which was stored anew has other ones, and is read whole. From
 * here on the tables with ranges stay where they are, because this session holds a lock on them until it ends.
 * @throws CannotResume a table was stored anew after the snapshot was made: some rewrites show no row to it
 */
export async function readLeft({
  monolith,
  service,
  mapping,
  resume: { mark, filesBefore },
}: {
  /** In the snapshot. */
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly mapping: CompiledMapping;
  readonly resume: CopyToResume;
}): Promise<CopyLeft> {
  const ranges: CopiedRange[] = [];
  const noted = await copiedRanges(service, mark.context);
  for (const { monolith: table } of mapping.tables) {
    const name = tableName(table);
    const done = noted.filter((range) => range.table === name);
    if (done.length === 0) continue;
    await monolith.query(`LOCK TABLE ${quoteTable(table)} IN ACCESS SHARE MODE`);
    const files = await tableFiles(monolith, table);
    if (files !== filesBefore.get(name))
      throw new CannotResume(`table ${name} of the monolith is being stored anew`);
    if (done.every((range) => range.files === files)) ranges.push(...done);
    else await forgetCopiedRanges(service, mark.context, name);
  }
  return { ranges, keys: await copyKeys(service, mark.context) };
}

const keysAtOnce = 200;

/** Largest tables first, so that no big one begins when the others are done. */
export function planJobs(
  mapping: CompiledMapping,
  catalogs: readonly TableCatalog[],
  progress: readonly TableProgress[],
  {
    left,
    ...sizes
  }: { readonly left: CopyLeft; readonly parallel: number; readonly bounded: boolean },
): CopyJob[] {
  return mapping.tables
    .map((table, index) => ({
      table,
      pages: catalogs[index]?.pages ?? 0,
      progress: progress[index],
    }))
    .sort((a, b) => b.pages - a.pages)
    .flatMap(({ table, pages, progress: counter }): CopyJob[] => {
      if (counter === undefined) return [];
      const name = tableName(table.monolith);
      const parts = table.parts.map((part) => ({
        part,
        done: left.ranges.filter(
          (range) => range.table === name && range.part === tableName(part.service),
        ),
      }));
      const size = rangeSize(pages, sizes);
      const keys = left.keys.filter((key) => key.table === name);
      return [
        ...inTurns(
          parts.map(({ part, done }) =>
            rangesLeft(done, pages, size).map((range): CopyJob => ({
              kind: 'range',
              table,
              part,
              range,
              progress: counter,
            })),
          ),
        ),
        ...Array.from({ length: Math.ceil(keys.length / keysAtOnce) }, (_none, at): CopyJob => ({
          kind: 'keys',
          table,
          keys: keys.slice(at * keysAtOnce, (at + 1) * keysAtOnce),
          progress: counter,
        })),
      ];
    });
}

/** Parts of the same pages after each other: they are read from the source's memory the second time. */
function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_none, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  ).flat();
}
