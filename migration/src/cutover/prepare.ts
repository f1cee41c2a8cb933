import { gateSettings, StranglerError } from '@strangler-toolkit/plan';
import { retryText, workerRetry } from '../findings/worker-retry.ts';
import { installFence } from './fence.ts';
import { fenceStatus } from './fence-status.ts';
import { countOpenDeadLetters } from '../replica/dead-letters.ts';
import { type Detail, from, type MoveState, type MoveStep, to } from './move-state.ts';
import { noteSubscriptions } from './subscriptions-held.ts';
import { requireUnchanged } from './unchanged.ts';

async function look(move: MoveState): Promise<Detail> {
  const { plan, control, definition } = move;
  const row = await control.contexts.require(definition.context);
  if (row.dataKind !== 'replicated')
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${row.dataKind}': its writes follow flags, there is nothing to fence`,
    );
  if (row.owner !== plan.from || row.epoch !== move.epoch) {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${plan.kind} needs the ${plan.from} to own ${definition.context}; the ${row.owner} does since epoch ${row.epoch}`,
    );
  }
  const dead = await countOpenDeadLetters(await to(move), definition.context, plan.closing);
  if (dead > 0)
    throw new StranglerError(
      'DEAD_LETTERS',
      `${dead} change events of ${definition.context} could not be applied to the ${plan.to}`,
      { details: { open: dead } },
    );
  const watermark = await control.watermarks.get(definition.context, plan.closing);
  if (!watermark || !watermark.workerAlive || watermark.epoch !== move.epoch) {
    const retry = watermark && workerRetry(watermark);
    const seen = watermark
      ? `last heartbeat ${Math.round(watermark.heartbeatAgeSeconds)} s ago, ` +
        `state ${watermark.state}, epoch ${watermark.epoch}` +
        (retry ? `; it ${retryText(retry)}: ${retry.code}: ${retry.message}` : '')
      : 'never seen';
    throw new StranglerError(
      'WORKER_NOT_RUNNING',
      `no worker applies the ${plan.closing} stream of ${definition.context} (${seen})`,
      retry?.heard === true ? { remedy: 'Mend what it failed at: it goes on by itself.' } : {},
    );
  }
  const { transport } = watermark.detail;
  if (typeof transport === 'string' && transport !== move.transport.kind) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `the worker of ${definition.context} uses the transport ${transport}, this command ` +
        `${move.transport.kind}: the stream back would be one that the worker cannot read`,
      {
        remedy: `Give both the same STRANGLER_TRANSPORT, or set replication.transport in the context's file.`,
      },
    );
  }
  const { maxLagSeconds } = gateSettings(definition);
  if (watermark.lagSeconds === null) {
    throw new StranglerError(
      'CATCH_UP_TIMEOUT',
      `the worker has not measured yet how far the ${plan.to} is behind since epoch ${move.epoch} began`,
      { remedy: 'Try again in a moment; if it stays, look at the log of the worker.' },
    );
  }
  if (watermark.lagSeconds > maxLagSeconds) {
    throw new StranglerError(
      'CATCH_UP_TIMEOUT',
      `the ${plan.to} is ${watermark.lagSeconds} s behind; a ${plan.kind} would hold writes for ` +
        `longer than allowed (limit ${maxLagSeconds} s)`,
    );
  }
  return { lagSeconds: watermark.lagSeconds, epoch: row.epoch };
}

/** Nothing is touched until everything that can be known beforehand is known. */
export const prepare: MoveStep = {
  name: 'prepare',
  phase: 'before',
  async execute(move) {
    const seen = await look(move);
    await requireUnchanged(move);
    await noteSubscriptions(move);
    // Fenced since replication began; asked again because the promise of one writer hangs on it.
    const target = await to(move);
    const fence = {
      context: move.definition.context,
      tables: move.tables.to,
      owner: move.plan.from,
      mode: 'refuse',
    } as const;
    const before = await fenceStatus(target, fence.context, fence.tables);
    if (before.mode !== 'refuse')
      await installFence(target, fence, {
        guard: move.guard,
        lockTimeoutMs: move.settings.fenceLockTimeoutMs,
        attempts: move.settings.fenceAttempts,
        signal: move.signal,
      });
    return { ...seen, targetFence: before.mode };
  },
  async dryRun(move) {
    const seen = await look(move);
    await requireUnchanged(move);
    const [target, source] = [
      await fenceStatus(await to(move), move.definition.context, move.tables.to),
      await fenceStatus(await from(move), move.definition.context, move.tables.from),
    ];
    return { ...seen, targetFence: target.mode, sourceFence: source.mode };
  },
};
