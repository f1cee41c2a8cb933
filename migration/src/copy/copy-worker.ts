import type pg from 'pg';
import { connect, terminate } from '../database/connect.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import type { CompiledPart, CompiledTable } from '../mapping/compiled-mapping.ts';
import { copyStatements } from './copy-format.ts';
import { type CopyMark, holdCopyMark } from '../replica/copies.ts';
import { forwardCopy } from './forward-copy.ts';
import type { Pace } from './pace.ts';
import type { PageRange } from './page-ranges.ts';
import type { TableProgress } from './progress.ts';

export interface CopyJob {
  readonly table: CompiledTable;
  readonly part: CompiledPart;
  readonly range: PageRange;
  readonly progress: TableProgress;
}

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
    throw error;
  }
}

export async function openTarget(url: string): Promise<pg.Client> {
  const client = await connect(url, { applicationName: 'strangler-copy' });
  try {
    // The commit that stores the first position waits for the disk, and everything committed before it is there by then.
    await client.query('SET session_replication_role = replica; SET synchronous_commit = off');
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Takes jobs until none is left. */
export async function runCopyWorker(
  connections: CopyConnections,
  jobs: Iterator<CopyJob>,
  mark: CopyMark,
  { signal, pace }: { readonly signal: AbortSignal; readonly pace: Pace | null },
): Promise<void> {
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
      const read = await Promise.race([copyRange(source, target, next.value, mark), cancellation]);
      pace?.spent(read.rows, read.bytes);
      await pace?.turn(signal);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function copyRange(
  source: pg.Client,
  target: pg.Client,
  { table, part, range, progress }: CopyJob,
  mark: CopyMark,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  let read = 0;
  progress.begin();
  await target.query('BEGIN');
  await holdCopyMark(target, mark);
  const rows = await forwardCopy(source, target, copyStatements(table, part, range), (bytes) => {
    read += bytes;
    progress.add(0, bytes);
  });
  await target.query('COMMIT');
  // Every part holds one row per row of the monolith; the first speaks for all.
  if (part === table.parts[0]) progress.add(rows, 0);
  return { rows, bytes: read };
}
