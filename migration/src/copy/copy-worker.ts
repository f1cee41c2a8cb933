import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect, terminate } from '../database/connect.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import { type CompiledPart, type CompiledTable, tableName } from '../mapping/compiled-mapping.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { type CopyKey, forgetCopyKeys, noteCopiedRange } from '../replica/copy-progress.ts';
import { copying } from '../replica/fences.ts';
import { copyStatements, keyCondition, staging } from './copy-format.ts';
import { type CopyMark, holdCopyMark } from '../replica/copies.ts';
import { forwardCopy } from './forward-copy.ts';
import type { Pace } from './pace.ts';
import { pageCondition, type PageRange } from './page-ranges.ts';
import { type MappedFiles, requireFiles } from './table-files.ts';
import type { TableProgress } from './progress.ts';

/** Rows that are read at once, and written with the note that they are there. */
export type CopyJob = {
  readonly table: CompiledTable;
  readonly progress: TableProgress;
} & (
  | { readonly kind: 'range'; readonly part: CompiledPart; readonly range: PageRange }
  /** `all`: the mappings of the table. */
  | {
      readonly kind: 'keys';
      readonly keys: readonly CopyKey[];
      readonly all: readonly CompiledTable[];
    }
);

export interface CopyConnections {
  readonly source: pg.Client;
  readonly target: pg.Client;
  close(): Promise<void>;
}

/** A session in the exported snapshot, and one on the target in which triggers, foreign keys and fences are silent. */
export async function openCopyConnections(
  monolithUrl: string,
  serviceUrl: string,
  snapshot: string,
): Promise<CopyConnections> {
  const source = await openSnapshot(monolithUrl, snapshot);
  try {
    const target = await openTarget(serviceUrl);
    return {
      source,
      target,
      close: async () =>
        void (await Promise.all([source.end().catch(() => {}), target.end().catch(() => {})])),
    };
  } catch (error) {
    await source.end().catch(() => {});
    throw error;
  }
}

export async function openSnapshot(url: string, snapshot: string): Promise<pg.Client> {
  const client = await connect(url, { applicationName: 'strangler-copy' });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    if (['22023', '42704'].includes(codeOf(error)))
      throw new StranglerError(
        'DB_UNREACHABLE',
        'The snapshot of the copy is gone: the session that held it ended',
        { cause: error },
      );
    throw error;
  }
}

export async function openTarget(url: string): Promise<pg.Client> {
  const client = await connect(url, { applicationName: 'strangler-copy' });
  try {
    // The commit that stores the first position waits for the disk, and everything committed before it is there by then.
    await client.query(`${copying()}; SET synchronous_commit = off`);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Where rows are written. */
export interface CopyPlace {
  readonly mark: CopyMark;
  /** Rows may be there already. */
  readonly staged: boolean;
  /** Of the tables that are read, from before the snapshot. */
  readonly files: MappedFiles;
}

/** Takes jobs until none is left, or until somebody asked for a pause. */
export async function runCopyWorker(
  connections: CopyConnections,
  jobs: Iterator<CopyJob>,
  place: CopyPlace,
  { signal, pace }: { readonly signal: AbortSignal; readonly pace: Pace | null },
): Promise<'done' | 'paused'> {
  const { source, target } = connections;
  // A cancelled copy must not wait for any server's answer.
  let cancelled: (error: unknown) => void = () => {};
  const cancellation = new Promise<never>((_resolve, reject) => {
    cancelled = reject;
  });
  cancellation.catch(() => {});
  const onAbort = (): void => {
    cancelled(signal.reason);
    terminate(source);
    terminate(target);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await pace?.turn(signal);
    for (let next = jobs.next(); !next.done && !signal.aborted; next = jobs.next()) {
      const read = await Promise.race([copyRows(connections, next.value, place), cancellation]);
      if (read === 'paused') return read;
      pace?.spent(read.rows, read.bytes);
      await pace?.turn(signal);
    }
    return 'done';
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function copyRows(
  { source, target }: CopyConnections,
  job: CopyJob,
  { mark, staged, files: before }: CopyPlace,
): Promise<{ readonly rows: number; readonly bytes: number } | 'paused'> {
  const { table, progress } = job;
  let bytes = 0;
  let rows = 0;
  progress.begin();
  await target.query('BEGIN');
  if ((await holdCopyMark(target, mark)).paused) {
    await target.query('ROLLBACK');
    return 'paused';
  }
  const rowsOf =
    job.kind === 'range'
      ? pageCondition(job.range)
      : keyCondition(
          table,
          job.keys.map(({ key }) => key),
        );
  const places =
    job.kind === 'range'
      ? [{ of: table, part: job.part }]
      : job.all.flatMap((of) => of.parts.map((part) => ({ of, part })));
  for (const { of, part } of places) {
    const where = of.where ? `${rowsOf} AND ${conditionSql(of.where)}` : rowsOf;
    const stage = staged ? staging(part) : null;
    if (stage !== null) await target.query(stage.make);
    const statements = copyStatements(of, part, { where, ...(stage && { into: stage.name }) });
    rows = await forwardCopy(source, target, statements, (read) => {
      bytes += read;
      progress.add(0, read);
    });
    if (stage !== null) await target.query(stage.move);
  }
  // The rows were read: this session holds a lock on the table to its end.
  const files = await requireFiles(source, table.monolith, before);
  if (job.kind === 'keys') await forgetCopyKeys(target, mark.context, job.keys);
  else
    await noteCopiedRange(target, mark.context, {
      table: tableName(table.monolith),
      part: tableName(job.part.service),
      ...job.range,
      files,
      rows,
      bytes,
    });
  await target.query('COMMIT');
  // Every part holds one row per row of the monolith; the first speaks for all.
  if (job.kind === 'range' && job.part === table.parts[0]) progress.add(rows, 0);
  return { rows, bytes };
}
