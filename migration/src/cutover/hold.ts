import { StranglerError } from '@strangler-toolkit/plan';
import { type InstanceContextRow, LEASE_TTL_MS } from '../control/index.ts';
import { type Detail, type MoveState, type MoveStep, timeLeft, until } from './move-state.ts';

/** Facades keep holding this much longer than a move may take, so that a recovery finds the writes still waiting. */
const recoveryMarginMs = LEASE_TTL_MS + 2_000;

/** What an instance still has to do before this move can go on. */
function lacking({ epoch, holdId }: InstanceContextRow, moveId: string): string {
  if (epoch === null) return 'does not know the context';
  return holdId === moveId ? 'has writes in flight' : 'has not seen the hold';
}

const describe = (instance: InstanceContextRow, moveId: string): string =>
  `${instance.name} (${instance.instanceId.slice(0, 8)}): ${lacking(instance, moveId)}`;

async function instances(move: MoveState): Promise<{ live: InstanceContextRow[]; gone: string[] }> {
  const all = await move.control.instances.forContext(move.definition.context);
  return {
    live: all.filter((instance) => instance.alive),
    gone: all.filter((instance) => !instance.alive).map((instance) => instance.name),
  };
}

async function lift(move: MoveState): Promise<void> {
  await move.control.liftHold(move.definition.context, move.moveId);
  if (move.heldAt === undefined) return;
  const now = await move.control.now();
  move.writePauseMs = Date.parse(now) - Date.parse(move.heldAt);
  move.deadline = undefined;
}

const requireFacade = (move: MoveState, live: readonly InstanceContextRow[]): void => {
  if (live.length === 0 && !move.noFacade)
    throw new StranglerError(
      'NO_FACADE',
      `no facade instance is alive that could hold writes of ${move.definition.context}`,
    );
};

/**
 * The hold's id is the move's id: only this move's hold is ever lifted by it. An instance that is alive but does not know
 * the context counts too: it would send writes to the monolith for ever. One that is gone is fenced off like any stray writer.
 */
export const hold: MoveStep = {
  name: 'hold',
  phase: 'before',
  async execute(move): Promise<Detail> {
    requireFacade(move, (await instances(move)).live);
    move.heldAt = await move.control.now();
    move.deadline = performance.now() + move.settings.holdTimeoutMs;
    await move.control.moves.holdWrites(
      move.lease,
      move.moveId,
      move.settings.holdTimeoutMs + recoveryMarginMs,
    );
    await move.onStep({ step: 'hold', moment: 'middle' });
    let waiting: InstanceContextRow[] = [];
    const held = await until(move, timeLeft(move, move.settings.holdTimeoutMs / 2), async () => {
      const { live, gone } = await instances(move);
      waiting = live.filter((instance) => instance.holdId !== move.moveId || !instance.drained);
      return waiting.length === 0
        ? { instances: live.map((instance) => instance.name), gone }
        : undefined;
    });
    if (!held) {
      throw new StranglerError(
        'HOLD_TIMEOUT',
        `writes were not held everywhere: ${waiting.map((instance) => describe(instance, move.moveId)).join('; ')}`,
        { details: { waiting: waiting.map((instance) => instance.name) } },
      );
    }
    return held;
  },
  async dryRun(move) {
    const { live, gone } = await instances(move);
    requireFacade(move, live);
    return {
      instances: live.map((instance) => instance.name),
      gone,
      unaware: live.filter((instance) => instance.epoch === null).map((instance) => instance.name),
    };
  },
  async undo(move) {
    await lift(move);
    return {};
  },
};

/** After the target is open: the writes that waited go to the new owner. */
export const release: MoveStep = {
  name: 'release',
  phase: 'after',
  async execute(move) {
    await lift(move);
    return { writePauseMs: move.writePauseMs ?? null };
  },
  dryRun: async () => ({}),
};
