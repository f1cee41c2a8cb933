import { directionFrom, type MigrationDefinition } from '@strangler-toolkit/plan';
import { copiedText, copyingText } from '../copy/copying-text.ts';
import { parseRate } from '../copy/index.ts';
import { lsnToText } from '../database/lsn.ts';
import { recoverMove } from '../cutover/index.ts';
import { throwIfCancelled } from '../pause.ts';
import { serveWorker } from '../telemetry/serve-worker.ts';
import { tellUntold } from './contracts/broker/deployment-recorder.ts';
import { FollowedContext } from './follow-context.ts';
import { workerAddress } from '../telemetry/worker-address.ts';
import { beginView, isNews, seen } from '../telemetry/worker-view.ts';
import { runWorker, type WorkerProgress } from '../worker/index.ts';
import type { Toolkit } from './toolkit.ts';

/** Runs until Ctrl-C, or until everything is applied. */
export async function work(
  kit: Toolkit,
  definition: MigrationDefinition,
  {
    untilCaughtUp = false,
    reread = false,
    maxRate,
  }: {
    readonly untilCaughtUp?: boolean;
    readonly reread?: boolean;
    readonly maxRate?: string;
  },
): Promise<boolean> {
  const rate = maxRate === undefined ? undefined : parseRate(maxRate);
  const control = await kit.control();
  await using followed = new FollowedContext(kit, definition, { reread });
  const enough = new AbortController();
  const signal = AbortSignal.any([kit.signal, enough.signal]);
  let view = beginView(definition.context, performance.now());
  const address = workerAddress(kit.env);
  await using server =
    address === null
      ? null
      : await serveWorker(address, () => ({ ...view, planProblem: followed.problem }));
  if (server !== null)
    kit.tell('port', `health and metrics: http://${address?.host}:${server.port}`, 'note');
  let telling: Promise<unknown> = Promise.resolve();
  const copied = new Map<string, number>();
  const options = {
    controlUrl: kit.controlUrl,
    reread,
    ...(rate && { maxRate: rate }),
    planProblem: () => followed.problem,
    onProgress: (told: WorkerProgress) => {
      const before = view;
      view = seen(before, told, performance.now());
      if (told.phase === 'copying' && told.table !== undefined)
        copied.set(told.table, told.rowsCopied ?? 0);
      if (told.phase === 'streaming' && copied.size > 0) {
        kit.tell('copy', copiedText(copied), 'done');
        copied.clear();
      }
      kit.tell('worker', describe(told), isNews(before, view) ? 'note' : 'update', {
        ...(told.phase === 'failed' && { level: told.retrying === false ? 'error' : 'warn' }),
        fields: { context: definition.context, ...fieldsOf(told) },
      });
    },
    onNote: (text: string) => kit.tell('copy', text, 'note'),
    onFence: (text: string) => kit.tell('fence', text, 'note', { level: 'warn' }),
    onDifference: (differences: readonly string[]) => {
      for (const line of differences) kit.tell('connector', line, 'note');
    },
    recover: async () => {
      const { definition: current } = followed;
      const end = await recoverMove({
        ...followed.plan,
        definition: current,
        control,
        actor: 'worker',
      });
      if (end.outcome !== 'completed') return;
      // Beside the stream, which waits for no broker.
      telling = tellUntold(kit, current);
    },
  };
  followed.begin();
  const running = (async () => {
    try {
      for (;;) {
        const { plan } = followed;
        await runWorker({ ...options, ...plan, signal: AbortSignal.any([signal, plan.renewed]) });
        if (signal.aborted || !plan.renewed.aborted) return;
      }
    } finally {
      await telling;
    }
  })();
  if (!untilCaughtUp) {
    await running;
    return false;
  }
  let over = false;
  const ended = running.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  // A lag of less than a second on a watermark that was taken after the start: everything from before is applied.
  const begin = await control.now();
  for (;;) {
    if (over) {
      await ended;
      throwIfCancelled(kit.signal);
      return false;
    }
    const row = await control.contexts.require(definition.context);
    const watermark = await control.watermarks.get(definition.context, directionFrom(row.owner));
    if (
      watermark &&
      watermark.epoch === row.epoch &&
      watermark.appliedAt !== null &&
      watermark.appliedAt > begin &&
      watermark.state !== 'copying'
    )
      break;
    if (kit.signal.aborted) break;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  enough.abort();
  await ended;
  throwIfCancelled(kit.signal);
  return true;
}

const fieldsOf = ({ message: _said, position, ...told }: WorkerProgress) => ({
  ...told,
  ...(position !== undefined && { position: lsnToText(position) }),
  sourcePosition: undefined,
});

function describe(progress: WorkerProgress): string {
  switch (progress.phase) {
    case 'standby':
      return 'another worker is alive; this one stands by';
    case 'waiting':
      return 'nothing to replicate at this stage; waiting';
    case 'failed':
      return (
        `${progress.code ?? ''}: ${progress.message ?? ''}` +
        (progress.retrying === true ? ' (tries again)' : '')
      );
    case 'copying':
      if (progress.paused === true) return 'the copy is paused, until replicate --resume';
      return copyingText(progress);
    case 'streaming':
      return (
        `${progress.direction ?? ''}: ${progress.caughtUp ? 'caught up' : 'streaming'}, ` +
        `${progress.rowsApplied ?? 0} rows applied, lag ${(progress.lagSeconds ?? 0).toFixed(2)} s` +
        (progress.deadLetters ? `, ${progress.deadLetters} dead letters` : '') +
        (progress.held === undefined ? '' : `; reading again: ${progress.held}`)
      );
    default:
      return progress.phase satisfies never;
  }
}
