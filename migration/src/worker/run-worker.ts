import { randomUUID } from 'node:crypto';
import {
  codeOf,
  type Direction,
  directionFrom,
  isStranglerError,
  StranglerError,
  streamsAt,
} from '@strangler-toolkit/plan';
import { classifyFailure } from '../apply/classify-error.ts';
import { type ContextRow, type Control, openControl } from '../control/index.ts';
import { runDirection } from './run-direction.ts';
import { withoutValues } from '../database/without-values.ts';
import { pause } from '../pause.ts';
import type { WorkerFailure } from './still-failing.ts';
import { tryWorkerLock } from './worker-lock.ts';
import type { WorkerOptions } from './worker-options.ts';

/** Which way changes flow, if they do. Flags have no say in it. */
function directionOf(row: ContextRow | undefined): Direction | null {
  if (row === undefined || row.dataKind !== 'replicated') return null;
  return streamsAt(row.stage) ? directionFrom(row.owner) : null;
}

/**
 * Follows the ownership of a context and replicates towards the side that does not own it, until the signal. Databases that
 * go away are waited for; what needs a person ends it.
 * @throws StranglerError SLOT_LOST, POSITION_GAP, SCHEMA_CHANGED, TARGET_NOT_EMPTY, DB_PRIVILEGE, …
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const workerId = randomUUID();
  const { context } = options.definition;
  let failures = 0;
  let failure: WorkerFailure | undefined;
  while (!options.signal.aborted) {
    let control: Control | undefined;
    let current: { row: ContextRow; direction: Direction } | undefined;
    const began = performance.now();
    try {
      control = await openControl(options.controlUrl, {
        applicationName: `strangler-worker-${context}`,
      });
      await follow(options, { control, workerId, failure }, (at) => {
        current = at;
      });
    } catch (error) {
      if (options.signal.aborted) break;
      const kind = classifyFailure(error);
      const code = isStranglerError(error)
        ? error.code
        : kind === 'disk-full'
          ? 'DB_DISK_FULL'
          : kind === 'transient'
            ? 'DB_UNREACHABLE'
            : codeOf(error) || 'APPLY_FAILED';
      const message = withoutValues(error);
      failure = { code, message };
      const retry = kind === 'transient' || kind === 'disk-full';
      const remedy = isStranglerError(error) ? error.remedy : undefined;
      failures = performance.now() - began > 10_000 ? 0 : failures + 1;
      const goesOn = retry
        ? { retrying: true, retryInMs: Math.min(5000, 100 * 2 ** Math.min(failures, 6)) }
        : { retrying: false, retryInMs: 0 };
      options.onProgress?.({
        phase: 'failed',
        code,
        message,
        ...goesOn,
        ...(remedy !== undefined && { remedy }),
      });
      if (control !== undefined && current !== undefined) {
        const { row, direction } = current;
        await control.watermarks
          .upsert({
            context,
            direction,
            epoch: row.epoch,
            state: 'failed',
            workerId,
            detail: { code, message, remedy, ...goesOn },
          })
          .catch(() => undefined);
      }
      if (!retry) throw error;
      await pause(goesOn.retryInMs, options.signal);
    } finally {
      if (options.signal.aborted && control !== undefined && current !== undefined) {
        const { row, direction } = current;
        await control.watermarks
          .upsert({ context, direction, epoch: row.epoch, state: 'stopped', workerId })
          .catch(() => undefined);
      }
      await control?.close().catch(() => undefined);
    }
  }
}

/** With the context's lock: one direction after the other, as its owner changes. */
async function follow(
  options: WorkerOptions,
  {
    control,
    workerId,
    failure,
  }: {
    readonly control: Control;
    readonly workerId: string;
    readonly failure: WorkerFailure | undefined;
  },
  at: (current: { row: ContextRow; direction: Direction }) => void,
): Promise<void> {
  const { context } = options.definition;
  // of the stream that is opened next, not of those after it
  let last = failure;
  const lock = await waitForLock(options);
  if (lock === null) return;
  const over = new AbortController();
  let changed = new AbortController();
  const stopListening = await control.listen('strangler_contexts', (name) => {
    if (name === context || name === '') changed.abort();
  });
  // Outlives the sessions: a closed stream ends them many times a second, and a move that was abandoned with the stream
  // closed is exactly what has to be mended.
  let recoveredAt = 0;
  const recoverIfAbandoned = async (): Promise<void> => {
    if (options.recover === undefined || performance.now() - recoveredAt < 2000) return;
    recoveredAt = performance.now();
    const lease = await control.leases.get(context);
    if (lease !== undefined && lease.expiresInSeconds > 0) return;
    await options.recover(context).catch((error: unknown) => {
      options.onProgress?.({
        phase: 'failed',
        code: isStranglerError(error) ? error.code : 'INTERNAL',
        message: `recovering an abandoned move: ${withoutValues(error)}`,
      });
    });
  };
  const watch = async (
    row: ContextRow | undefined,
    direction: Direction | null,
    session: AbortController,
    signal: AbortSignal,
  ): Promise<void> => {
    while (!signal.aborted && !session.signal.aborted) {
      await pause(1000, AbortSignal.any([changed.signal, signal, session.signal]));
      changed = new AbortController();
      if (signal.aborted || session.signal.aborted) return;
      const next = await control.contexts.get(context);
      if (next?.epoch !== row?.epoch || directionOf(next) !== direction) session.abort();
      else await recoverIfAbandoned();
    }
  };
  try {
    const signal = AbortSignal.any([options.signal, lock.lost, over.signal]);
    while (!signal.aborted) {
      const row = await control.contexts.get(context);
      const direction = directionOf(row);
      const session = new AbortController();
      const watching = watch(row, direction, session, signal).catch((error: unknown) => {
        session.abort();
        throw error;
      });
      watching.catch(() => undefined);
      try {
        if (row === undefined || direction === null) {
          options.onProgress?.({ phase: 'waiting' });
          await watching;
          continue;
        }
        at({ row, direction });
        await runDirection(options, {
          control,
          row,
          direction,
          workerId,
          failure: last,
          signal: AbortSignal.any([signal, session.signal]),
          stillMine: async () => {
            await lock.check();
            const next = await control.contexts.get(context);
            if (next?.epoch !== row.epoch || directionOf(next) !== direction)
              throw new StranglerError(
                'STREAM_CLOSED',
                `${context}: the ${direction} stream of epoch ${row.epoch} is over`,
              );
          },
        });
      } catch (error) {
        // a move closed the stream: soon there is a new epoch, or the stream is open again
        if (!isStranglerError(error) || error.code !== 'STREAM_CLOSED') throw error;
        await pause(100, AbortSignal.any([signal, session.signal]));
        await recoverIfAbandoned();
      } finally {
        last = undefined;
        session.abort();
      }
      await watching;
    }
    if (lock.lost.aborted) throw lock.lost.reason;
  } finally {
    over.abort();
    await stopListening();
    await lock.release();
  }
}

async function waitForLock(options: WorkerOptions): ReturnType<typeof tryWorkerLock> {
  while (!options.signal.aborted) {
    const lock = await tryWorkerLock(options.controlUrl, options.definition.context);
    if (lock !== null) return lock;
    options.onProgress?.({ phase: 'standby' });
    await pause(250, options.signal);
  }
  return null;
}
