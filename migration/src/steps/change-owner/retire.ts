import { retire as retireData } from '../../cutover/index.ts';
import { allFlags } from '../../flags/index.ts';
import { decideMove, refusalOf } from '../gated-move.ts';
import { planned, type Step } from '../step.ts';
import { changeByFlags, dryRunOfFlags } from './by-flags.ts';
import { gatesUnderLease } from './by-protocol.ts';
import { assertDone, type MoveOutcome, outcome, plannedSteps } from './outcome.ts';
import { type ChangeOwnerOptions, ownerChange, phaseOptions } from './owner-change.ts';

export const retire: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const change = await ownerChange(kit, 'retire', options);
    const { definition } = change;
    const row = await kit.row(definition);
    const archive = (): Promise<void> =>
      kit.hasFlagWriter ? kit.flagWriter().archive(allFlags(definition)) : Promise.resolve();
    if (definition.data !== 'replicated') {
      const result = await changeByFlags(change, async () => {});
      await archive();
      return result;
    }
    // At stage retired the rest of an interrupted retirement is done again.
    if (row.stage !== 'retired') await gatesUnderLease(change);
    const result = await retireData(await phaseOptions(change));
    assertDone(result);
    await archive();
    return outcome(kit, definition, result);
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'retire', options);
    const { definition } = change;
    const archived = `archive flags: ${allFlags(definition).join(', ')}`;
    if (definition.data !== 'replicated') return dryRunOfFlags(change, [archived]);
    const decision = await decideMove(kit, definition, 'retire');
    const result = await retireData({ ...(await phaseOptions(change)), dryRun: true });
    return planned(
      [...plannedSteps(result), archived],
      refusalOf(definition, 'retire', decision, options.force),
    );
  },
};
