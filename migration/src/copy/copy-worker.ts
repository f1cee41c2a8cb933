import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { connect, terminate } from '../database/connect.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import type { CompiledPart, CompiledTable } from '../mapping/compiled-mapping.ts';
import type { TableProgress } from './progress.ts';
import { copyStatements, type PageRange } from './projection-sql.ts';

export interface CopyJob {
  readonly table: CompiledTable;
  readonly part: CompiledPart;
  readonly range: PageRange | undefined;
  readonly progress: TableProgress;
}

export interface CopyConnections {
  readonly source: pg.Client;
  readonly target: pg.Client;
  close(): Promise<void>;
}

/** A session in the exported snapshot, and one on the target in which triggers, foreign keys and fences are silent. */
export async function openCopyConnections(monolithUrl: string, serviceUrl: string, snapshot: string): Promise<CopyConnections> {
  const source = await openSnapshot(monolithUrl, snapshot);
  try {
    const target = await openTarget(serviceUrl);
    return { source, target, close: async () => void (await Promise.all([source.end().catch(() => {}), target.end().catch(() => {})])) };
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
    await client.query('SET session_replication_role = replica');
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Takes jobs until none is left. */
export async function runCopyWorker(connections: CopyConnections, jobs: Iterator<CopyJob>, signal: AbortSignal): Promise<void> {
  const { source, target } = connections;
  // The copy streams wait for the server's answer before they end; a cancelled copy must not wait for anything.
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
    for (let next = jobs.next(); !next.done && !signal.aborted; next = jobs.next()) await Promise.race([copyRange(source, target, next.value), cancellation]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function copyRange(source: pg.Client, target: pg.Client, { table, part, range, progress }: CopyJob): Promise<void> {
  progress.begin();
  const { out, into } = copyStatements(table, part, range);
  const writing = target.query(copyFrom(into));
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      progress.add(0, chunk.length);
      done(null, chunk);
    },
  });
  await pipeline(source.query(copyTo(out)), counting, writing);
  // Every part holds one row per row of the monolith; the first speaks for all.
  if (part === table.parts[0]) progress.add(writing.rowCount, 0);
}
