import { gateSettings, type MigrationDefinition } from '@strangler-toolkit/plan';
import { routeFlags } from '../../flags/index.ts';
import { DeploymentRecorder, plannedDeployment } from '../contracts/broker/deployment-recorder.ts';
import type { Step } from '../step.ts';
import { changeByFlags, dryRunOfFlags } from './by-flags.ts';
import { changeByProtocol, dryRunOfProtocol } from './by-protocol.ts';
import { guarded } from './guard.ts';
import { type MoveOutcome, withDeployment } from './outcome.ts';
import { type ChangeOwnerOptions, ownerChange } from './owner-change.ts';
import { rollback } from './rollback.ts';

const watchSeconds = (definition: MigrationDefinition, options: ChangeOwnerOptions): number =>
  options.watchSeconds ?? gateSettings(definition).watchSeconds;

export const cutover: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    const { definition } = change;
    const recorder = new DeploymentRecorder(kit, definition, 'service');
    const move = async (): Promise<MoveOutcome> => {
      const done = await (definition.data === 'replicated'
        ? changeByProtocol(change, () => recorder.intend())
        : changeByFlags(change, async () => {
            await recorder.intend();
            const flags = kit.flagWriter();
            for (const name of routeFlags(definition))
              await flags.setPercent(name, definition.context, 100);
          }));
      recorder.begin();
      return done;
    };
    const seconds = watchSeconds(change.definition, options);
    if (seconds === 0) return withDeployment(await move(), recorder);
    const { context, noFacade } = options;
    const back = { context, ...(noFacade && { noFacade }) };
    const wayBack = (): Promise<MoveOutcome> => rollback.execute(kit, back);
    try {
      const watched = await guarded({ kit, definition, seconds, wayBack }, move);
      return await withDeployment(watched, recorder);
    } finally {
      await recorder.end();
    }
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'cutover', options);
    const dry = await (change.definition.data === 'replicated'
      ? dryRunOfProtocol(change)
      : dryRunOfFlags(change, [
          `set flags to 100 %, writes included: ${routeFlags(change.definition).join(', ')}`,
        ]));
    const actions = [...dry.actions, ...plannedDeployment(kit, change.definition, 'service')];
    const seconds = watchSeconds(change.definition, options);
    const action = `watch the service's writes for ${seconds} s, and go back when they are worse than the monolith's were`;
    return { ...dry, actions: seconds === 0 ? actions : [...actions, { action }] };
  },
};
