import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { codeOf, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { type TableCatalog, readTable } from '../database/catalog.ts';
import { terminate } from '../database/connect.ts';
import { databaseFailure } from '../database/failures.ts';
import { displayTable } from '../database/identifiers.ts';
import { serverVersion } from '../database/server-version.ts';
import { knows } from '../database/supported-versions.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { type CompiledMapping, mappingsOf, tableName } from '../mapping/compiled-mapping.ts';
import type { CopyMark } from '../replica/copies.ts';
import {
  type CopyConnections,
  openCopyConnections,
  openSnapshot,
  openTarget,
  runCopyWorker,
} from './copy-worker.ts';
import type { Pace } from './pace.ts';
import { CannotResume, CopyPaused } from './cut-off.ts';
import {
  type CopyLeft,
  type CopyToResume,
  nothingCopied,
  planJobs,
  readLeft,
} from './plan-jobs.ts';
import { meantRows } from './meant-rows.ts';
import { prepareTarget } from './prepare-target.ts';
import { holdFiles, type MappedFiles } from './table-files.ts';
import { type CopyProgress, TableProgress } from './progress.ts';
import { refusalOf } from './projection-sql.ts';

export interface InitialCopyOptions {
  readonly mapping: CompiledMapping;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  /** Exported by `createSlotWithSnapshot`; its connection must stay open until the copy is done. */
  readonly snapshot: string;
  /** Where the tables of the monolith lay, asked before the snapshot was made. */
  readonly filesBefore: MappedFiles;
  /** Connections per side (default 4). */
  readonly parallel?: number;
  /** Holds the source's readers back. Ranges are small then, so that none of them is read in one go for long. */
  readonly pace?: Pace;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
  /** Replaces whatever the target tables hold. */
  readonly restart?: boolean;
  /** Called when the tables are empty, before the first row is read: what it stores lets another copy go on from this one. */
  readonly onEmpty?: (mark: CopyMark) => Promise<void>;
  /** Goes on from what an earlier copy left, instead of emptying the tables. */
  readonly resume?: CopyToResume;
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
 * position, a new run starts anew, or goes on with `resume`.
 * @throws StranglerError TARGET_NOT_EMPTY, COPY_FAILED, CANCELLED, CONFIG_INVALID, DB_*, and CopyPaused, CannotResume
 */
export async function initialCopy(options: InitialCopyOptions): Promise<InitialCopyResult> {
  const { mapping, monolithUrl, serviceUrl, snapshot, filesBefore } = options;
  const began = performance.now();
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const workers: CopyConnections[] = [];
  const mark = options.resume?.mark ?? { context: mapping.context, copier: randomUUID() };
  let reader: pg.Client | undefined;
  try {
    options.signal?.throwIfAborted();
    const target = await openTarget(serviceUrl);
    try {
      await installReplicaSchema(target);
      const parallel = Math.max(1, options.parallel ?? 4);
      const reading = openSnapshot(monolithUrl, snapshot).then((client) => {
        reader = client;
        signal.addEventListener('abort', () => terminate(client), { once: true });
        return client;
      });
      // This session stays: from here on no table is stored anew while the copy reads.
      const sizing = reading.then(async (client) => {
        await holdFiles(client, mapping, filesBefore);
        return readSizes(client, mapping);
      });
      await allDone([
        options.resume === undefined
          ? prepareTarget(target, mapping, mark, options.restart ?? false)
          : Promise.resolve(),
        sizing,
      ]);
      const bounded = knows(await serverVersion(await reading), 'tidRanges');
      const left =
        options.resume === undefined
          ? nothingCopied
          : await readLeft({ service: target, mapping, mark, files: filesBefore });
      const tables = tableProgress(mapping, await sizing, left, options.onProgress);
      const phases = planJobs(mapping, await sizing, tables, {
        left,
        parallel: options.pace === undefined ? parallel : Infinity,
        bounded,
      });
      // Sessions for which there is nothing to do would cost both servers more than to copy a small table.
      const sessions = Math.min(parallel, Math.max(...phases.map(({ length }) => length)));
      await allDone(
        Array.from(
          { length: sessions },
          async () =>
            void workers.push(await openCopyConnections(monolithUrl, serviceUrl, snapshot)),
        ),
      );
      await options.onEmpty?.(mark);
      const place = { mark, staged: options.resume !== undefined, files: filesBefore };
      for (const jobs of phases) {
        const queue = jobs.values();
        // The first to fail stops the others; theirs are consequences.
        const ends = await Promise.all(
          workers.map((connections) =>
            runCopyWorker(connections, queue, place, { signal, pace: options.pace ?? null }).catch(
              (error: unknown) => failed.abort(error),
            ),
          ),
        );
        if (failed.signal.aborted) throw failed.signal.reason;
        options.signal?.throwIfAborted();
        if (ends.includes('paused')) throw new CopyPaused();
      }
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
    await Promise.all([...workers.map((worker) => worker.close()), reader?.end().catch(() => {})]);
  }
}

/** Sizes as they are now: the mapping may have been compiled long ago. */
async function readSizes(client: pg.Client, mapping: CompiledMapping): Promise<TableCatalog[]> {
  const catalogs: TableCatalog[] = [];
  for (const table of mapping.tables) {
    const catalog = await readTable(client, table.monolith);
    // Never analysed: an estimate from the size beats none.
    const sized =
      catalog.estimatedRows > 0 || catalog.pages === 0
        ? catalog
        : { ...catalog, estimatedRows: catalog.pages * 50 };
    catalogs.push(
      table.where
        ? { ...sized, estimatedRows: await meantRows(client, table.monolith, table.where) }
        : sized,
    );
  }
  return catalogs;
}

const tableProgress = (
  mapping: CompiledMapping,
  catalogs: readonly TableCatalog[],
  { ranges }: CopyLeft,
  onProgress: (progress: CopyProgress) => void = () => {},
): TableProgress[] =>
  mapping.tables.map((table, index) => {
    const own = table.parts.map(({ service }) => tableName(service));
    const done = ranges.filter(
      (range) => range.table === tableName(table.monolith) && own.includes(range.part),
    );
    const ofFirst = done.filter(({ part }) => part === tableName(table.parts[0].service));
    return new TableProgress(
      mappingsOf(mapping, tableName(table.monolith)).length === 1
        ? displayTable(table.monolith)
        : `${displayTable(table.monolith)} to ${displayTable(table.parts[0].service)}`,
      catalogs[index]?.estimatedRows ?? 0,
      onProgress,
      {
        already: {
          rows: ofFirst.reduce((sum, { rows }) => sum + rows, 0),
          bytes: done.reduce((sum, { bytes }) => sum + bytes, 0),
        },
      },
    );
  });

/** Waits for all even when one fails, so that nothing is opened behind the back of who closes it. */
async function allDone(tasks: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks))
    if (result.status === 'rejected') throw result.reason;
}

/** A deadlock, a conflict of transactions, a lock that somebody else holds. */
const mayPass = new Set(['40P01', '40001', '55P03']);

function copyFailure(error: unknown, context: string, signal: AbortSignal | undefined): Error {
  if (signal?.aborted)
    return new StranglerError('CANCELLED', `The initial copy of ${context} was cancelled`, {
      cause: error,
    });
  if (isStranglerError(error) || error instanceof CopyPaused || error instanceof CannotResume)
    return error;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal;
  const where =
    error instanceof Error && 'where' in error && typeof error.where === 'string'
      ? ` (${error.where.split('\n')[0]?.replace(/:.*/, '')})`
      : '';
  return databaseFailure(
    error,
    `The initial copy of ${context} failed${where}`,
    mayPass.has(codeOf(error)) ? 'TIMEOUT' : 'COPY_FAILED',
  );
}
