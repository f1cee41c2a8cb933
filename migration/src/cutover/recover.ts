import { setTimeout as delay } from 'node:timers/promises';
import {
  cutoverSettings,
  isStranglerError,
  type MigrationDefinition,
  bothSides,
  type StranglerError,
} from '@strangler-toolkit/plan';
import type { Control, Lease } from '../control/index.ts';
import { guarded } from '../replica/move-guards.ts';
import { requireAgreement } from '../ownership/require-agreement.ts';
import { movePlan } from './move-plan.ts';
import { type MoveRecord, takeNumber, unfinishedMoves } from './move-record.ts';
import type { MoveState, StepMoment } from './move-state.ts';
import { protocol } from './protocol.ts';
import type { Transport } from '../stream/transport.ts';
import { asStranglerError, rollForward, type RunResult, undoAll } from './run-move.ts';
import { SideConnections } from './side-connections.ts';

export interface RecoverOptions {
  readonly definition: MigrationDefinition;
  readonly control: Control;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly transport: Transport;
  /** Journaled: `user@host` or `worker`. */
  readonly actor: string;
  readonly signal?: AbortSignal;
  readonly onStep?: (moment: StepMoment) => void | Promise<void>;
  readonly leaseTtlMs?: number;
}

export type Recovery =
  | { readonly outcome: 'nothing' }
  /** A live command works on the context. */
  | { readonly outcome: 'busy' }
  /** Undone (the old owner serves) or completed (the new owner serves). */
  | { readonly outcome: 'aborted' | 'completed'; readonly moves: readonly MoveRecord[] }
  /** Tried, and to be tried again. */
  | { readonly outcome: 'unfinished'; readonly error: StranglerError };

/**
 * Brings a move whose process died to its one possible end: forward if its flip is in the journal, back if not. Called by
 * the worker as soon as a lease has run out, and by every command before it begins. The new lease makes the dead process'
 * flip impossible; the new number, claimed in both databases first, makes every other change of it impossible.
 */
export async function recoverMove(options: RecoverOptions): Promise<Recovery> {
  const { control, definition } = options;
  if ((await unfinishedMoves(control, definition.context)).length === 0)
    return { outcome: 'nothing' };
  let lease: Lease;
  try {
    lease = await control.leases.acquire({
      context: definition.context,
      holder: options.actor,
      move: 'recover',
      ...(options.leaseTtlMs !== undefined && { ttlMs: options.leaseTtlMs }),
    });
  } catch (error) {
    if (isStranglerError(error) && error.code === 'LEASE_HELD') return { outcome: 'busy' };
    throw error;
  }
  try {
    return await recoverUnderLease(options, lease);
  } finally {
    await lease.release().catch(() => {});
  }
}

/** Writes may be waiting: a side that does not answer says nothing, and refuses for itself what it is asked later. */
const sidePatienceMs = 2000;

/** @throws StranglerError CONTROL_FELL_BACK, SIDE_FELL_BACK */
export async function requireSidesAgree({
  control,
  definition,
  monolithUrl,
  serviceUrl,
}: Pick<RecoverOptions, 'control' | 'definition' | 'monolithUrl' | 'serviceUrl'>): Promise<void> {
  const sides = new SideConnections({ monolith: monolithUrl, service: serviceUrl });
  try {
    await requireAgreement(
      control,
      await control.contexts.get(definition.context),
      { monolith: () => sides.client('monolith'), service: () => sides.client('service') },
      sidePatienceMs,
    );
  } finally {
    await sides.close();
  }
}

/** @throws StranglerError CONTROL_FELL_BACK, SIDE_FELL_BACK, before anything is changed */
export async function recoverUnderLease(options: RecoverOptions, lease: Lease): Promise<Recovery> {
  await requireSidesAgree(options);
  const moves = await unfinishedMoves(options.control, options.definition.context);
  let flipped = false;
  for (const record of moves) {
    const sides = new SideConnections({
      monolith: options.monolithUrl,
      service: options.serviceUrl,
    });
    try {
      const result = await recoverOne(options, lease, record, sides);
      flipped ||= record.flipped;
      if (result.outcome === 'unfinished')
        return {
          outcome: 'unfinished',
          error: result.error ?? asStranglerError(new Error('not finished'), 'recovery'),
        };
    } finally {
      await sides.close();
    }
  }
  return moves.length === 0
    ? { outcome: 'nothing' }
    : { outcome: flipped ? 'completed' : 'aborted', moves };
}

async function recoverOne(
  options: RecoverOptions,
  lease: Lease,
  record: MoveRecord,
  sides: SideConnections,
): Promise<RunResult> {
  const { control, definition } = options;
  const plan = movePlan(record.kind);
  const guard = await takeNumber(control, lease, {
    moveId: record.moveId,
    actor: options.actor,
    step: 'recover',
    epoch: record.epoch,
    detail: { direction: record.flipped ? 'forward' : 'back' },
  });
  const move: MoveState = {
    plan,
    definition,
    control,
    lease,
    guard,
    sides,
    transport: options.transport,
    settings: cutoverSettings(definition),
    moveId: record.moveId,
    actor: options.actor,
    epoch: record.epoch,
    tables: { from: record.from, to: record.to },
    sourceFence: record.sourceFence,
    noFacade: true,
    proofTimeoutMs: 0,
    // A recovery is never cancelled half way: it only restores.
    signal: new AbortController().signal,
    onStep: async (moment) => options.onStep?.(moment),
    deadline: undefined,
    mapping: undefined,
    stop: undefined,
    heldAt: undefined,
    writePauseMs: undefined,
    identity: undefined,
  };
  // A side that does not answer now is claimed by its own undo later; the other one must not wait for it.
  await Promise.allSettled(
    bothSides.map(async (side) => {
      const client = await Promise.race([
        sides.client(side),
        delay(5000, undefined, { ref: false }),
      ]);
      if (client) await guarded(client, guard, async () => {});
    }),
  );
  return record.flipped ? rollForward(move, protocol) : undoAll(move, protocol, undefined);
}
