import type { Side } from '@strangler-toolkit/plan';
import { decideMove, enterStage, passGates, refusalOf } from '../gated-move.ts';
import { type DryRun, planned } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';
import { type MoveOutcome, outcome } from './outcome.ts';
import type { OwnerChange } from './owner-change.ts';

/** One stage on or back without moving data; `before` turns the flags, under the lease. */
export async function changeByFlags(
  { kit, definition, move, options }: OwnerChange,
  before: () => Promise<void>,
): Promise<MoveOutcome> {
  await kit.withLease(definition.context, move, async (lease) => {
    const decision = await passGates(kit, definition, move, options);
    const served: Side =
      decision.to === 'service' || decision.to === 'retired' ? 'service' : 'monolith';
    await before();
    await enterStage(kit, definition, {
      decision,
      lease,
      ...(definition.data !== 'replicated' && { owner: served }),
      detail: { move },
    });
  });
  return outcome(kit, definition, { steps: [] });
}

export async function dryRunOfFlags(
  { kit, definition, move, options }: OwnerChange,
  actions: readonly string[],
): Promise<DryRun> {
  const decision = await decideMove(kit, definition, move, options);
  return planned(
    [...actions, `set stage ${decision.to}`],
    refusalOf(definition, move, decision, options.force),
  );
}

export async function turnOffAll(kit: Toolkit, names: readonly string[]): Promise<void> {
  const flags = kit.flagWriter();
  for (const name of names) await flags.turnOff(name);
}
