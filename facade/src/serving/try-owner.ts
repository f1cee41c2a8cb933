import { otherSide, type Side } from '@strangler-toolkit/plan';
import type { Attempt } from '../proxy/forwarder.ts';
import type { Chosen } from './choose-side.ts';
import type { Claim } from './claim.ts';
import { type Answered, firstOf } from './first-of.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { faultOf, hasAnswer, judgeStandIn } from './stand-in.ts';
import { trySide } from './try-side.ts';
import type { Who } from './who.ts';

export interface OwnedRead {
  readonly claim: Claim;
  readonly who: Who;
  readonly chosen: Chosen;
  /** Milliseconds since the request's arrival until an answer must have begun. */
  readonly totalMs: number;
}
/** An owner that was found dead before is not waited for longer than this while it is tried again. */
const probeMs = 1_000;

/**
 * A read at its owner. Where that is dead, the other side answers, if it is provably caught up; else the failure is the owner's.
 * An owner that is only slow keeps its whole time: after half of it the other side is asked as well, and who has a good
 * answer first has answered.
 */
export async function tryOwner(
  serving: Serving,
  passage: Passage,
  read: OwnedRead,
): Promise<Answered> {
  const { claim, chosen, totalMs } = read;
  const { target: side, reason, view } = chosen;
  const breaker = claim.plan.breakers[side];
  const left = (): number => totalMs - (performance.now() - passage.arrival.started);
  let byOwner: Attempt | undefined;
  const owner = async (): Promise<Answered> => {
    const wish = { claim, side, patienceMs: left(), replaceable: false };
    const attempt = (await trySide(serving, passage, wish)) as Attempt;
    byOwner = attempt;
    return { attempt, side, reason, epoch: view.epoch };
  };
  const other = async (): Promise<Answered | undefined> => {
    try {
      return await standIn(serving, passage, read, left());
    } catch (error) {
      // a defect of ours, and the owner may still answer
      const text = error instanceof Error ? error.stack : String(error);
      serving.log.error({ err: text }, 'stand-in');
      return undefined;
    }
  };
  let answered: Answered | undefined;
  if (breaker.willing) {
    const probing = breaker.state !== 'closed';
    const lateMs = probing ? Math.min(left() / 2, probeMs) : left() / 2;
    try {
      await breaker.execute(async () => {
        answered = await firstOf(serving.deadlines, { lateMs, owner: owner(), other });
        const fault = faultOf(byOwner, answered.attempt, probing);
        if (fault) throw fault;
      });
    } catch (error) {
      if (answered === undefined) throw error;
    }
  }
  answered ??= (await other()) ?? (await owner());
  if (answered.behindMs !== undefined) noteStandIn(serving, claim, answered.side);
  return answered;
}

function noteStandIn({ metrics, standIns }: Serving, { route }: Claim, side: Side): void {
  const { context, definition } = route;
  metrics.standIns.inc({ context, route: definition.name, outcome: 'served' });
  standIns.note(context, side);
}

/** The other side's answer; undefined when it must not stand in, or has none. */
async function standIn(
  serving: Serving,
  passage: Passage,
  { claim, who, chosen }: OwnedRead,
  leftMs: number,
): Promise<Answered | undefined> {
  const { ownership, metrics } = serving;
  const { context, definition } = claim.route;
  const { epoch } = chosen.view;
  const count = (outcome: string): void =>
    metrics.standIns.inc({ context, route: definition.name, outcome });
  const side = otherSide(chosen.target);
  const told = await ownership.freshness(context, who.all());
  const judged = judgeStandIn(chosen.view, told, claim.plan.standInMs);
  if (!judged.answers) {
    count(judged.why);
    return undefined;
  }
  const wish = { claim, side, patienceMs: leftMs, replaceable: true };
  const attempt = claim.plan.breakers[side].willing
    ? await trySide(serving, passage, wish)
    : undefined;
  if (attempt?.kind === 'client-gone') return { attempt, side, reason: 'stand-in', epoch };
  const owns = 'epoch' in judged;
  if (attempt?.kind !== 'answer' || !(owns || hasAnswer(attempt))) {
    if (attempt?.kind === 'answer') attempt.answer.discard();
    count('failed');
    return undefined;
  }
  if (owns) return { attempt, side, reason: 'owner', epoch: judged.epoch };
  return { attempt, side, reason: 'stand-in', epoch, behindMs: judged.behindMs };
}
