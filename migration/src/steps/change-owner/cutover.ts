import { gateSettings, type MigrationDefinition } from '@strangler-toolkit/plan';
import { routeFlags } from '../../flags/index.ts';
import type { Step } from '../step.ts';
import { changeByFlags, dryRunOfFlags } from './by-flags.ts';
import { changeByProtocol, dryRunOfProtocol } from './by-protocol.ts';
import { guarded } from './guard.ts';
import type { MoveOutcome } from './outcome.ts';
import { type ChangeOwnerOptions, ownerChange } from './owner-change.ts';
import { rollback } from './rollback.ts';

const watchSeconds = (definition: MigrationDefinition, options: ChangeOwnerOptions): number =>
  options.watchSeconds ?? gateSettings(definition).watchSeconds;

export const cutover: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    const { definition } = change;
    const move = (): Promise<MoveOutcome> =>
      definition.data === 'replicated'
        ? changeByProtocol(change)
        : changeByFlags(change, async () => {
            const flags = kit.flagWriter();
            for (const name of routeFlags(definition))
              await flags.setPercent(name, definition.context, 100);
          });
    const seconds = watchSeconds(change.definition, options);
    if (seconds === 0) return move();
    const { context, noFacade } = options;
    const back = { context, ...(noFacade && { noFacade }) };
    return guarded({ kit, definition, seconds, wayBack: () => rollback.execute(kit, back) }, move);
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    const dry = await (change.definition.data === 'replicated'
      ? dryRunOfProtocol(change)
      : dryRunOfFlags(change, [
          `set flags to 100 %, writes included: ${routeFlags(change.definition).join(', ')}`,
        ]));
    const seconds = watchSeconds(change.definition, options);
    const action = `watch the service's writes for ${seconds} s, and go back when they are worse than the monolith's were`;
    return seconds === 0 ? dry : { ...dry, actions: [...dry.actions, { action }] };
  },
};
