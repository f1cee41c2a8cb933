import { routeFlags } from '../../flags/index.ts';
import type { Step } from '../step.ts';
import { changeByFlags, dryRunOfFlags } from './by-flags.ts';
import { changeByProtocol, dryRunOfProtocol } from './by-protocol.ts';
import type { MoveOutcome } from './outcome.ts';
import { type ChangeOwnerOptions, ownerChange } from './owner-change.ts';

export const cutover: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    const { definition } = change;
    if (definition.data === 'replicated') return changeByProtocol(change);
    return changeByFlags(change, async () => {
      const flags = kit.flagWriter();
      for (const name of routeFlags(definition))
        await flags.setPercent(name, definition.context, 100);
    });
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    if (change.definition.data === 'replicated') return dryRunOfProtocol(change);
    return dryRunOfFlags(change, [
      `set flags to 100 %, writes included: ${routeFlags(change.definition).join(', ')}`,
    ]);
  },
};
