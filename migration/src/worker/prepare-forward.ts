import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { openStreamRow, readStreamRow, type StreamHistory } from '../replica/streams.ts';
import type { Control } from '../control/index.ts';
import {
  type CopyMark,
  type CopyProgress,
  forgetCopyMark,
  initialCopy,
  Pace,
  type Rate,
} from '../copy/index.ts';
import { connect, terminate } from '../database/connect.ts';
import { quoteTable } from '../database/identifiers.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { beginHistory } from '../stream/source/history.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import {
  createSlotWithSnapshot,
  dropSlot,
  ensurePublication,
  type ReplicationNames,
  type SlotWithSnapshot,
  type SourceTable,
  type StreamSource,
  type Transport,
} from '../stream/index.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { Identity } from '../identity/identity.ts';
import { changesText, whatChanged } from '../identity/what-changed.ts';
import { writeIdentityRow } from '../replica/identities.ts';
import { Beat } from './beat.ts';
import type { WorkerProgress } from './worker-options.ts';

export interface CopyOptions {
  readonly control: Control;
  readonly context: string;
  readonly epoch: number;
  readonly mapping: CompiledMapping;
  readonly transport: Transport;
  readonly source: StreamSource;
  readonly tables: readonly SourceTable[];
  /** @throws when another worker or another epoch took over */
  readonly stillMine: () => Promise<void>;
  readonly service: pg.Client;
  readonly look: () => Promise<Identity>;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly names: ReplicationNames;
  readonly workerId: string;
  readonly parallel: number;
  readonly maxRate?: Rate | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkerProgress) => void;
}

/**
 * Copies the tables as they are at the slot's first position, then opens the stream there. A copy that was cut off starts anew.
 * @throws StranglerError TARGET_NOT_EMPTY when rows are there that no copy of ours wrote
 */
export async function copyInitially(options: CopyOptions): Promise<void> {
  let newest: CopyProgress | undefined;
  // A slot waits for old transactions, a range is long, a pace makes it wait: who does not hear of it takes the worker for dead.
  const beat = new Beat(async () => {
    if (newest !== undefined) options.onProgress({ ...newest, phase: 'copying' });
    await options.control.watermarks.upsert({
      context: options.context,
      direction: 'forward',
      epoch: options.epoch,
      state: 'copying',
      workerId: options.workerId,
      ...(newest && { detail: { ...newest } }),
    });
  });
  try {
    await copyAndOpen(options, (progress) => {
      newest = progress;
      options.onProgress({ ...progress, phase: 'copying' });
      beat.now();
    });
  } finally {
    await beat.end();
  }
}

async function copyAndOpen(
  options: CopyOptions,
  onProgress: (progress: CopyProgress) => void,
): Promise<void> {
  const { control, context, epoch, mapping } = options;
  const began = performance.now();
  // Before the slot is made: what the first position belongs to lies before it.
  const history = await beginHistory(options.source, undefined);
  const { snapshot, identity } = await makeStream(options);
  const rows = new Map<string, number>();
  let mark: CopyMark;
  try {
    ({ mark } = await initialCopy({
      mapping,
      monolithUrl: options.monolithUrl,
      serviceUrl: options.serviceUrl,
      snapshot: snapshot.snapshot,
      parallel: options.parallel,
      ...(options.maxRate && { pace: new Pace(options.maxRate) }),
      signal: options.signal,
      onProgress: (progress) => {
        rows.set(progress.table, progress.rowsCopied);
        onProgress(progress);
      },
    }));
  } finally {
    await snapshot.close();
  }
  options.signal.throwIfAborted();
  await storeFirstPosition(options, { position: snapshot.position, history, mark, identity });
  await control.evidence.record({
    context,
    kind: 'copy',
    epoch,
    ok: true,
    detail: {
      rows: [...rows.values()].reduce((sum, count) => sum + count, 0),
      tables: Object.fromEntries(rows),
      seconds: (performance.now() - began) / 1000,
    },
  });
}

/** Everything of an earlier stream goes before anything of the new one is made, so that neither is taken for the other. */
async function makeStream({
  transport,
  source,
  tables,
  names,
  look,
  stillMine,
  monolithUrl,
  signal,
}: CopyOptions): Promise<{ readonly snapshot: SlotWithSnapshot; readonly identity: Identity }> {
  return withStreamLock(source, 'session', async () => {
    await stillMine();
    await transport.remove(source);
    await transport.announce(source);
    await ensurePublication(source.client, names.publication, tables);
    await dropSlot(source.client, names.slot);
    // Before the snapshot: what changes between the two is noticed later, and compared once for nothing.
    const identity = await look();
    return {
      identity,
      snapshot: await createSlotWithSnapshot(monolithUrl, names.slot, signal),
    };
  });
}

/**
 * Without them the service's first queries on a filled table are planned as for an empty one; some day autovacuum would do it, so
 * nothing waits for this, and it waits for nobody's lock.
 */
export async function writeStatistics({
  serviceUrl,
  mapping,
  signal,
}: Pick<CopyOptions, 'serviceUrl' | 'mapping' | 'signal'>): Promise<void> {
  const client = await connect(serviceUrl, { applicationName: 'strangler-statistics' });
  const onAbort = (): void => terminate(client);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query(`SET lock_timeout = '1s'`);
    for (const part of mapping.tables.flatMap(({ parts }) => parts)) {
      if (signal.aborted) return;
      await client.query(`ANALYZE ${quoteTable(part.service)}`).catch(() => undefined);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.end().catch(() => undefined);
  }
}

/** The copy made the service's tables empty and filled them: their files are others, the tables must be the same. */
async function identityOfCopy({ context, look }: CopyOptions, before: Identity): Promise<Identity> {
  const { service } = await look();
  const exchanged = whatChanged(
    { ...before, monolith: [] },
    { ...before, monolith: [], service },
  ).filter(({ severity }) => severity === 'stop');
  if (exchanged.length > 0)
    throw new StranglerError(
      'COPY_FAILED',
      `${context}: while rows were copied, ${changesText(exchanged)}`,
    );
  return { ...before, service };
}

/** From here on the copied rows are replicated ones: the mark of the copy goes in the same transaction. */
async function storeFirstPosition(
  options: CopyOptions,
  {
    position,
    history,
    mark,
    identity,
  }: {
    readonly position: Lsn;
    readonly history: StreamHistory;
    readonly mark: CopyMark;
    readonly identity: Identity;
  },
): Promise<void> {
  const { service, context, epoch } = options;
  const basis = await identityOfCopy(options, identity);
  await service.query('BEGIN');
  try {
    await openStreamRow(
      service,
      { context: context, direction: 'forward' },
      { epoch: BigInt(epoch), position, history },
    );
    await writeIdentityRow(service, { context, direction: 'forward' }, { epoch, identity: basis });
    await forgetCopyMark(service, mark);
    await service.query('COMMIT');
  } catch (error) {
    await service.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Whether the forward stream needs an initial copy first: no position was ever stored. */
export const needsCopy = async (service: pg.Client, context: string): Promise<boolean> =>
  (await readStreamRow(service, context, 'forward')) === null;
