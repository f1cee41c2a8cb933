import { assertFencesHeld } from './fence-source.ts';
import { from, type MoveStep, to } from './move-state.ts';
import { assertNoNewSubscription } from './subscriptions-held.ts';
import { insertLsn } from '../database/current-lsn.ts';

/**
 * The point of no return: owner, stage, epoch and start position in one transaction of the control database, together with
 * the journal row that recovery looks for. It proves lease and epoch itself, so a process that was overtaken cannot flip.
 * The hold stays: facades go on waiting until the new owner's tables are open.
 */
export const flip: MoveStep = {
  name: 'flip',
  phase: 'flip',
  async execute(move) {
    await assertFencesHeld(move);
    await assertNoNewSubscription(move);
    // Nothing but replication has written to the target so far, so its new stream may begin here.
    const startLsn = await insertLsn(await to(move));
    const row = await move.control.flip({
      context: move.definition.context,
      expectedEpoch: move.epoch,
      owner: move.plan.to,
      stage: move.plan.stageAfter,
      startLsn,
      leaseToken: move.lease.token,
      liftHold: false,
      journal: [
        {
          actor: move.actor,
          moveId: move.moveId,
          step: 'flip',
          status: 'done',
          detail: { owner: move.plan.to, startLsn, stop: move.stop ?? null },
        },
      ],
    });
    return { owner: row.owner, stage: row.stage, epoch: row.epoch, startLsn };
  },
  async dryRun(move) {
    return {
      owner: move.plan.to,
      stage: move.plan.stageAfter,
      epoch: move.epoch + 1,
      oldOwnerAt: await insertLsn(await from(move)),
    };
  },
};
