import { randomUUID } from 'node:crypto';
import { codeOf, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { type TableCatalog, readTable } from '../database/catalog.ts';
import { databaseFailure } from '../database/failures.ts';
import { displayTable } from '../database/identifiers.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { CopyMark } from '../replica/copies.ts';
import {
  type CopyConnections,
  type CopyJob,
  openCopyConnections,
  openSnapshot,
  openTarget,
  runCopyWorker,
} from './copy-worker.ts';
import type { Pace } from './pace.ts';
import { pageRanges } from './page-ranges.ts';
import { prepareTarget } from './prepare-target.ts';
import { type CopyProgress, TableProgress } from './progress.ts';
import { refusalMarker } from './projection-sql.ts';

export interface InitialCopyOptions {
  readonly mapping: CompiledMapping;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  /** Exported by `createSlotWithSnapshot`; its connection must stay open until the copy is done. */
  readonly snapshot: string;
  /** Connections per side (default 4). */
  readonly parallel?: number;
  /** Holds the source's readers back. Ranges are small then, so that none of them is read in one go for long. */
  readonly pace?: Pace;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
  /** Replaces whatever the target tables hold. */
  readonly restart?: boolean;
}

export interface InitialCopyResult {
  /** For `forgetCopyMark`, in the transaction that stores the stream's first position. */
  readonly mark: CopyMark;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Copies all mapped tables as they were at the snapshot. Not one transaction: until the caller stores the stream's first
 * position, a new run starts anew.
 * @throws StranglerError TARGET_NOT_EMPTY, COPY_FAILED, CANCELLED, CONFIG_INVALID, DB_*
 */
export async function initialCopy(options: InitialCopyOptions): Promise<InitialCopyResult> {
  const { mapping, monolithUrl, serviceUrl, snapshot } = options;
  const began = performance.now();
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const workers: CopyConnections[] = [];
  const mark: CopyMark = { context: mapping.context, copier: randomUUID() };
  try {
    options.signal?.throwIfAborted();
    const target = await openTarget(serviceUrl);
    try {
      await installReplicaSchema(target);
      const count = Math.max(1, options.parallel ?? 4);
      const opening = Array.from(
        { length: count },
        async () => void workers.push(await openCopyConnections(monolithUrl, serviceUrl, snapshot)),
      );
      const sizing = readSizes(monolithUrl, snapshot, mapping);
      await allDone([
        prepareTarget(target, mapping, mark, options.restart ?? false),
        ...opening,
        sizing,
      ]);
      const catalogs = await sizing;
      const tables = mapping.tables.map(
        (table, index) =>
          new TableProgress(
            displayTable(table.monolith),
            catalogs[index]?.estimatedRows ?? 0,
            options.onProgress ?? (() => {}),
          ),
      );
      const workersPlanned = options.pace === undefined ? count : Infinity;
      const queue = planJobs(mapping, catalogs, tables, workersPlanned).values();
      // The first to fail stops the others; theirs are consequences.
      await Promise.all(
        workers.map((connections) =>
          runCopyWorker(connections, queue, mark, { signal, pace: options.pace ?? null }).catch(
            (error: unknown) => failed.abort(error),
          ),
        ),
      );
      if (failed.signal.aborted) throw failed.signal.reason;
      options.signal?.throwIfAborted();
      for (const progress of tables) progress.finish();
      return {
        mark,
        tables: tables.map(({ table, rows }) => ({ table, rows })),
        rows: tables.reduce((sum, table) => sum + table.rows, 0),
        bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
        seconds: (performance.now() - began) / 1000,
      };
    } finally {
      await target.end().catch(() => {});
    }
  } catch (error) {
    throw copyFailure(error, mapping.context, options.signal);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
}

/** Sizes as they are now: the mapping may have been compiled long ago. */
async function readSizes(
  url: string,
  snapshot: string,
  mapping: CompiledMapping,
): Promise<TableCatalog[]> {
  const client = await openSnapshot(url, snapshot);
  try {
    const catalogs: TableCatalog[] = [];
    for (const table of mapping.tables) {
      const catalog = await readTable(client, table.monolith);
      // Never analysed: an estimate from the size beats none.
      catalogs.push(
        catalog.estimatedRows > 0 || catalog.pages === 0
          ? catalog
          : { ...catalog, estimatedRows: catalog.pages * 50 },
      );
    }
    return catalogs;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Largest tables first, so that no big one begins when the others are done. */
function planJobs(
  mapping: CompiledMapping,
  catalogs: readonly TableCatalog[],
  progress: readonly TableProgress[],
  parallel: number,
): CopyJob[] {
  return mapping.tables
    .map((table, index) => ({
      table,
      pages: catalogs[index]?.pages ?? 0,
      progress: progress[index],
    }))
    .sort((a, b) => b.pages - a.pages)
    .flatMap(({ table, pages, progress: counter }) => {
      if (counter === undefined) return [];
      return pageRanges(pages, parallel).flatMap((range) =>
        table.parts.map((part): CopyJob => ({ table, part, range, progress: counter })),
      );
    });
}

/** Waits for all even when one fails, so that nothing is opened behind the back of who closes it. */
async function allDone(tasks: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks))
    if (result.status === 'rejected') throw result.reason;
}

function copyFailure(
  error: unknown,
  context: string,
  signal: AbortSignal | undefined,
): StranglerError {
  if (signal?.aborted)
    return new StranglerError('CANCELLED', `The initial copy of ${context} was cancelled`, {
      cause: error,
    });
  if (isStranglerError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [, code = '', refusal] =
    new RegExp(`${refusalMarker}([A-Z_]+): (.*)"$`, 's').exec(message) ?? [];
  if (codeOf(error) === '22P02' && refusal !== undefined)
    return new StranglerError(code === 'CONFIG_INVALID' ? code : 'VALUE_INEXACT', refusal, {
      cause: error,
    });
  const where =
    error instanceof Error && 'where' in error && typeof error.where === 'string'
      ? ` (${error.where.split('\n')[0]?.replace(/:.*/, '')})`
      : '';
  return databaseFailure(error, `The initial copy of ${context} failed${where}`, 'COPY_FAILED');
}
