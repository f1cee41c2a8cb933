import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import {
  type Checkpoint,
  openStreamRow,
  readStreamRow,
  type StreamHistory,
} from '../replica/streams.ts';
import {
  CannotResume,
  type CopyMark,
  CopyPaused,
  type CopyProgress,
  forgetCopyMark,
  initialCopy,
  type MappedFiles,
  mappedFiles,
  Pace,
} from '../copy/index.ts';
import { inTransaction } from '../database/in-transaction.ts';
import { rebuildLists } from '../lists/keep-lists.ts';
import { pause } from '../pause.ts';
import { copyUnderWay, endCopy } from '../replica/copies.ts';
import { beginHistory } from '../stream/source/history.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import {
  createSlotWithSnapshot,
  dropSlot,
  ensurePublication,
  type SlotWithSnapshot,
} from '../stream/index.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { Identity } from '../identity/identity.ts';
import { changesText, whatChanged } from '../identity/what-changed.ts';
import { writeIdentityRow } from '../replica/identities.ts';
import { Beat } from './beat.ts';
import type { CopyOptions } from './copy-options.ts';
import { begunAnew, canResume, type CopyAttempt, resumeCopy } from './resume-copy.ts';
import type { WorkerProgress } from './worker-options.ts';

/**
 * Copies the tables as they are at one position of the source, then opens the stream there. A copy that was cut off goes on
 * where that can be done, and begins anew elsewhere.
 * @throws StranglerError TARGET_NOT_EMPTY when rows are there that no copy of ours wrote
 */
export async function copyInitially(options: CopyOptions): Promise<void> {
  let newest: CopyProgress | undefined;
  let paused = false;
  const told = (): WorkerProgress => ({ ...newest, phase: 'copying', ...(paused && { paused }) });
  // A slot waits for old transactions, a range is long, a pace makes it wait: who does not hear of it takes the worker for dead.
  const beat = new Beat(async () => {
    if (newest !== undefined || paused) options.onProgress(told());
    await options.control.watermarks.upsert({
      context: options.context,
      direction: 'forward',
      epoch: options.epoch,
      state: 'copying',
      workerId: options.workerId,
      detail: { ...newest, ...(paused && { paused }) },
    });
  });
  const onProgress = (progress: CopyProgress): void => {
    newest = progress;
    options.onProgress(told());
    beat.now();
  };
  try {
    for (let timesAnew = 0, anew = false, done = false; !done;) {
      for (
        paused = await isPaused(options);
        paused && !options.signal.aborted;
        paused = await isPaused(options)
      ) {
        beat.now();
        await pause(500, options.signal);
      }
      options.signal.throwIfAborted();
      try {
        await copyAndOpen(options, { anew, onProgress });
        done = true;
      } catch (error) {
        anew = error instanceof CannotResume;
        if (anew) timesAnew += 1;
        else if (!(error instanceof CopyPaused)) throw error;
        if (error instanceof CannotResume) {
          if (timesAnew > mostTimesAnew)
            throw new StranglerError(
              'COPY_FAILED',
              `The initial copy of ${options.context} began anew ${mostTimesAnew} times, and cannot go on again: ${error.message}`,
              { cause: error },
            );
          options.onNote(begunAnew(options.context, error));
        }
      }
    }
  } finally {
    await beat.end();
  }
}

/** A table that is stored anew each time, right after the snapshot, is somebody's job that has to wait. */
const mostTimesAnew = 5;

const isPaused = async ({ service, context }: CopyOptions): Promise<boolean> =>
  (await copyUnderWay(service, context))?.paused === true;

async function copyAndOpen(
  options: CopyOptions,
  {
    anew,
    onProgress,
  }: { readonly anew: boolean; readonly onProgress: (progress: CopyProgress) => void },
): Promise<void> {
  const { control, context, epoch, mapping } = options;
  const began = performance.now();
  const attempt = (anew ? null : await resumeCopy(options)) ?? (await beginCopy(options));
  const { snapshot, position, history, checkpoint, identity, filesBefore } = attempt;
  const rows = new Map<string, number>();
  let mark: CopyMark;
  try {
    ({ mark } = await initialCopy({
      mapping,
      monolithUrl: options.monolithUrl,
      serviceUrl: options.serviceUrl,
      snapshot: snapshot.snapshot,
      filesBefore,
      parallel: options.parallel,
      ...(options.maxRate && { pace: new Pace(options.maxRate) }),
      ...attempt.copy,
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
  await storeFirstPosition(options, { position, history, checkpoint, mark, identity });
  await control.evidence.record({
    context,
    kind: 'copy',
    epoch,
    ok: true,
    detail: {
      rows: [...rows.values()].reduce((sum, count) => sum + count, 0),
      tables: Object.fromEntries(rows),
      seconds: (performance.now() - began) / 1000,
      ...(attempt.copy.resume && { resumed: true }),
    },
  });
}

async function beginCopy(options: CopyOptions): Promise<CopyAttempt> {
  // Before the slot is made: what the first position belongs to lies before it.
  const history = await beginHistory(options.source, undefined);
  const { snapshot, identity, filesBefore } = await makeStream(options);
  const { position } = snapshot;
  const onEmpty = (mark: CopyMark): Promise<void> =>
    canResume(options, { mark, position, history, identity });
  return { snapshot, position, history, checkpoint: {}, identity, filesBefore, copy: { onEmpty } };
}

/** Everything of an earlier stream goes before anything of the new one is made, so that neither is taken for the other. */
async function makeStream({
  context,
  service,
  transport,
  source,
  mapping,
  tables,
  names,
  look,
  stillMine,
  monolithUrl,
  signal,
}: CopyOptions): Promise<{
  readonly snapshot: SlotWithSnapshot;
  readonly identity: Identity;
  readonly filesBefore: MappedFiles;
}> {
  return withStreamLock(source, 'session', async () => {
    await stillMine();
    // Before the slot that it would go on from is another one.
    await inTransaction(service, () => endCopy(service, context));
    await transport.remove(source);
    await transport.announce(source);
    await ensurePublication(source.client, names.publication, tables);
    await dropSlot(source.client, names.slot);
    // Before the snapshot: what changes between the two is noticed later, and compared once for nothing.
    const identity = await look();
    return {
      identity,
      filesBefore: await mappedFiles(source.client, mapping),
      snapshot: await createSlotWithSnapshot(monolithUrl, names.slot, signal),
    };
  });
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
    checkpoint,
    mark,
    identity,
  }: {
    readonly position: Lsn;
    readonly history: StreamHistory;
    readonly checkpoint: Checkpoint;
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
      { epoch: BigInt(epoch), position, history, checkpoint },
    );
    await writeIdentityRow(service, { context, direction: 'forward' }, { epoch, identity: basis });
    await forgetCopyMark(service, mark);
    await rebuildLists(service, options.mapping);
    await service.query('COMMIT');
  } catch (error) {
    await service.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Whether the forward stream needs an initial copy first: no position was ever stored. */
export const needsCopy = async (service: pg.Client, context: string): Promise<boolean> =>
  (await readStreamRow(service, context, 'forward')) === null;
