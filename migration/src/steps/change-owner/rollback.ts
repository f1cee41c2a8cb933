import { type MigrationDefinition, type Stage, replicates } from '@strangler-toolkit/plan';
import { abandon } from '../../cutover/index.ts';
import { routeFlags, shadowFlags } from '../../flags/index.ts';
import { DeploymentRecorder, plannedDeployment } from '../contracts/broker/deployment-recorder.ts';
import { type DryRun, planned, type Step } from '../step.ts';
import { decideMove, refusalOf } from '../gated-move.ts';
import { aliveWithOtherPlan } from '../other-plans.ts';
import type { Toolkit } from '../toolkit.ts';
import { changeByFlags, dryRunOfFlags, turnOffAll } from './by-flags.ts';
import { changeByProtocol, dryRunOfProtocol, gatesUnderLease } from './by-protocol.ts';
import { assertDone, type MoveOutcome, outcome, plannedSteps, withDeployment } from './outcome.ts';
import {
  type ChangeOwnerOptions,
  type OwnerChange,
  ownerChange,
  phaseOptions,
} from './owner-change.ts';

/** An abandoning that a crash interrupted can be finished, though the stage is monolith already. */
async function unfinishedAbandon(kit: Toolkit, context: string): Promise<boolean> {
  const last = (await (await kit.control()).journal.list({ context, step: 'abandon' })).at(-1);
  return last?.status === 'started';
}

/** What leads one stage back by flags turns these off. */
const flagsAt = (stage: Stage, definition: MigrationDefinition): string[] =>
  stage === 'shadowing' ? shadowFlags(definition) : routeFlags(definition);

/** They bar the way forward; going back must stay easy. */
async function warnOfOtherPlans(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  const others = await aliveWithOtherPlan(await kit.control(), definition);
  if (others.length > 0)
    kit.tell(
      'context-files',
      `facades serve by another file than this: ${others.join(', ')}`,
      'note',
    );
}

type Rollback = OwnerChange & { readonly move: 'rollback' };

async function goBack(
  change: Rollback,
  stage: Stage,
  recorder: DeploymentRecorder,
): Promise<MoveOutcome> {
  const { kit, definition } = change;
  if (replicates(definition.data)) {
    if (stage === 'service') return changeByProtocol(change, () => recorder.intend());
    const abandoning = stage === 'monolith' && (await unfinishedAbandon(kit, definition.context));
    if (stage === 'replicating' || abandoning) {
      // Of a reference somebody may be reading; of others nobody reads before that stage.
      if (stage === 'replicating' && definition.data === 'reference') await gatesUnderLease(change);
      const result = await abandon(await phaseOptions(change));
      assertDone(result);
      return outcome(kit, definition, result);
    }
  }
  return changeByFlags(change, async () => {
    if (stage === 'service') await recorder.intend();
    await turnOffAll(kit, flagsAt(stage, definition));
  });
}

async function dryRunOf(change: Rollback, stage: Stage): Promise<DryRun> {
  const { kit, definition, options } = change;
  if (replicates(definition.data)) {
    if (stage === 'service') return dryRunOfProtocol(change);
    if (stage === 'replicating')
      return planned(
        plannedSteps(await abandon({ ...(await phaseOptions(change)), dryRun: true })),
        definition.data === 'reference'
          ? refusalOf(
              definition,
              'rollback',
              await decideMove(kit, definition, 'rollback'),
              options.force,
            )
          : undefined,
      );
  }
  return dryRunOfFlags(change, [`turn off flags: ${flagsAt(stage, definition).join(', ')}`]);
}

export const rollback: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const change = await ownerChange(kit, 'rollback', options);
    const { definition } = change;
    await warnOfOtherPlans(kit, definition);
    const { stage } = await kit.row(definition);
    const recorder = new DeploymentRecorder(kit, definition, 'monolith');
    const done = await goBack(change, stage, recorder);
    // Before that stage the service was never deployed.
    if (stage === 'service') recorder.begin();
    return withDeployment(done, recorder);
  },
  async dryRun(kit, options) {
    const change = await ownerChange(kit, 'rollback', options);
    const { definition } = change;
    const { stage } = await kit.row(definition);
    const dry = await dryRunOf(change, stage);
    return stage === 'service'
      ? { ...dry, actions: [...dry.actions, ...plannedDeployment(kit, definition, 'monolith')] }
      : dry;
  },
};
