import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { retire as retireData } from '../../cutover/index.ts';
import { allFlags } from '../../flags/index.ts';
import { decideMove, refusalOf } from '../gated-move.ts';
import { planned, type Step } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';
import { changeByFlags, dryRunOfFlags } from './by-flags.ts';
import { gatesUnderLease } from './by-protocol.ts';
import { assertDone, type MoveOutcome, outcome, plannedSteps } from './outcome.ts';
import { type ChangeOwnerOptions, ownerChange, phaseOptions } from './owner-change.ts';

/** Its own rows are at home; what it reads of the monolith comes as before. */
const staysStreaming = ({ reads = [] }: MigrationDefinition): string[] =>
  reads.length === 0
    ? []
    : [`${reads.join(', ')}: goes on streaming to the service, so its worker must live on`];

function tellStaying(kit: Toolkit, definition: MigrationDefinition): void {
  for (const text of staysStreaming(definition)) kit.tell('references', text, 'note');
}

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
      tellStaying(kit, definition);
      return result;
    }
    // At stage retired the rest of an interrupted retirement is done again.
    if (row.stage !== 'retired') await gatesUnderLease(change);
    const result = await retireData(await phaseOptions(change));
    assertDone(result);
    await archive();
    tellStaying(kit, definition);
    return outcome(kit, definition, result);
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'retire', options);
    const { definition } = change;
    const archived = `archive flags: ${allFlags(definition).join(', ')}`;
    if (definition.data !== 'replicated')
      return dryRunOfFlags(change, [archived, ...staysStreaming(definition)]);
    const decision = await decideMove(kit, definition, 'retire');
    const result = await retireData({ ...(await phaseOptions(change)), dryRun: true });
    return planned(
      [...plannedSteps(result), archived, ...staysStreaming(definition)],
      refusalOf(definition, 'retire', decision, options.force),
    );
  },
};
