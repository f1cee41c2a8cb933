import { replicates } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import {
  cutover,
  type MoveResult,
  recoverMove,
  rollback,
  unfinishedMoves,
} from '../../cutover/index.ts';
import { decideMove, type GateDecision, passGates, refusalOf } from '../gated-move.ts';
import type { PlannedAction } from '../../findings/planned-action.ts';
import { isOpen } from '../../surroundings/index.ts';
import { tellUntold } from '../contracts/broker/deployment-recorder.ts';
import { referencesBeside } from '../references.ts';
import { type DryRun, planned } from '../step.ts';
import { surroundingsOf } from '../surroundings.ts';
import { assertDone, type MoveOutcome, outcome, plannedSteps } from './outcome.ts';
import { type OwnerChange, phaseOptions } from './owner-change.ts';

type ProtocolChange = OwnerChange & { readonly move: 'cutover' | 'rollback' };

/**
 * Changes the owner of replicated data, the data first; `passed`: the gates let it.
 * Ctrl-C abandons it as long as the owner has not changed.
 */
export async function changeByProtocol(
  change: ProtocolChange,
  passed: () => Promise<void>,
): Promise<MoveOutcome> {
  const { kit, definition } = change;
  await gatesUnderLease(change);
  await passed();
  const result = await runProtocol(change, false);
  assertDone(result);
  return outcome(kit, definition, result);
}

export async function dryRunOfProtocol(change: ProtocolChange): Promise<DryRun> {
  const { kit, definition, move, options } = change;
  const decision = await decideMove(kit, definition, move, options);
  const result = await runProtocol(change, true);
  return planned(
    [...plannedSteps(result), ...(await surroundings(change))],
    refusalOf(definition, move, decision, options.force) ??
      (result.error && { code: result.error.code, message: result.error.message }),
  );
}

/** What lies around the rows that change their owner; nothing when a database cannot be asked: the gates say so. */
const surroundings = ({ kit, definition }: ProtocolChange): Promise<PlannedAction[]> =>
  surroundingsOf(kit, definition).then(
    (found) =>
      found.map((one) => ({
        action: one.about,
        detail: isOpen(one) ? `NOT DECIDED: ${one.problem}` : one.decision,
      })),
    () => [],
  );

async function runProtocol(change: ProtocolChange, dryRun: boolean): Promise<MoveResult> {
  const { kit, definition, move, options } = change;
  const run = move === 'cutover' ? cutover : rollback;
  const base = {
    ...(await phaseOptions(change)),
    references: await referencesBeside(kit, definition),
    ...(options.noFacade && { noFacade: true }),
    ...(options.force && { forced: true }),
    signal: kit.signal,
  };
  if (dryRun) return run({ ...base, dryRun: true });
  let began = performance.now();
  const took = (): string => `${((performance.now() - began) / 1_000).toFixed(2)} s`;
  return run({
    ...base,
    onStep: ({ step, moment }) => {
      if (moment === 'started' || moment === 'undoing') {
        began = performance.now();
        kit.tell(step, moment === 'started' ? step : `undo ${step}`, 'update');
      }
      if (moment === 'done') kit.tell(step, `${step}  ${took()}`, 'done');
      if (moment === 'undone') kit.tell(step, `undone ${step}  ${took()}`, 'done');
    },
  });
}

/** The gates and their journal row; the protocol takes its own lease and looks again under it. */
export async function gatesUnderLease(change: OwnerChange): Promise<GateDecision> {
  const { kit, definition, move, options } = change;
  const control = await kit.control();
  let told = Promise.resolve();
  // What a dead command left (a closed stream, a fence) would make the gates refuse; it is finished or undone first. What a
  // living one is at is its own: the lease says so.
  if (
    replicates(definition.data) &&
    [undefined, 'recover'].includes(await moveAtWork(control, definition.context)) &&
    (await unfinishedMoves(control, definition.context)).length > 0
  ) {
    kit.tell(
      'recover',
      'an earlier move was left in the middle: it is finished or undone first',
      'note',
    );
    await untilRecovered(change);
    told = tellUntold(kit, definition);
    // A way back waits for no broker; what it did is recorded after this.
    if (move !== 'rollback') await told;
  }
  try {
    return await kit.withLease(definition.context, move, () =>
      passGates(kit, definition, move, options),
    );
  } catch (error) {
    await told;
    throw error;
  }
}

async function moveAtWork(control: Control, context: string): Promise<string | undefined> {
  const lease = await control.leases.get(context);
  return lease !== undefined && lease.expiresInSeconds > 0 ? lease.move : undefined;
}

/** The worker may be at it already: it is waited for, up to 30 s, instead of sending the person away. */
async function untilRecovered(change: OwnerChange): Promise<void> {
  const { kit, definition } = change;
  const control = await kit.control();
  const deadline = performance.now() + 30_000;
  const byWorker = async (): Promise<boolean> =>
    (await moveAtWork(control, definition.context)) === 'recover';
  while (performance.now() < deadline) {
    if (!(await byWorker())) {
      if ((await unfinishedMoves(control, definition.context)).length === 0) return;
      const { outcome: end } = await recoverMove(await phaseOptions(change));
      // A living command has it: the lease that is asked for next says so.
      if (end !== 'busy' || !(await byWorker())) return;
    }
    await kit.pause(200);
  }
}
