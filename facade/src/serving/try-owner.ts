import { otherSide, type Side } from '@strangler-toolkit/plan';
import type { Attempt } from '../proxy/forwarder.ts';
import type { Deadlines, Watched } from '../proxy/deadlines.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Chosen } from './choose-side.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { judgeStandIn, saysDead } from './stand-in.ts';
import { refuses, trySide } from './try-side.ts';
import type { Who } from './who.ts';

export interface OwnedRead {
  readonly claim: Claim;
  readonly who: Who;
  readonly chosen: Chosen;
  /** Milliseconds since the request's arrival until an answer must have begun. */
  readonly totalMs: number;
}
export interface Answered {
  readonly attempt: Attempt;
  readonly side: Side;
  readonly reason: string;
  readonly epoch: bigint;
  /** Of a side that stood in: how far behind it may be. */
  readonly behindMs?: number;
}

/** An owner that was found dead before is not waited for longer than this while it is tried again. */
const probeMs = 1_000;

/**
 * A read at its owner. Where that is dead, the other side answers, if it is provably caught up; else the failure is the owner's.
 * An owner that is only slow keeps its whole time: after half of it the other side is asked as well, and who answers first
 * has answered.
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
  const owner = async (): Promise<Answered> => {
    const wish = { claim, side, patienceMs: left(), replaceable: false };
    const attempt = (await trySide(serving, passage, wish)) as Attempt;
    return { attempt, side, reason, epoch: view.epoch };
  };
  const other = (): Promise<Answered | undefined> => standIn(serving, passage, read, left());
  let answered: Answered | undefined;
  if (breaker.willing) {
    const lateMs = breaker.state === 'closed' ? left() / 2 : Math.min(left() / 2, probeMs);
    try {
      await breaker.execute(async () => {
        answered = await firstOf(serving.deadlines, { lateMs, owner: owner(), other });
        const { attempt } = answered;
        if (attempt.kind === 'answer' && answered.side !== side)
          throw new UpstreamFailure('timeout', 'the other side answered');
        if (attempt.kind === 'failed' && saysDead(attempt)) throw attempt.failure;
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

interface Two {
  readonly lateMs: number;
  readonly owner: Promise<Answered>;
  readonly other: () => Promise<Answered | undefined>;
}

/** The owner's answer, unless it is dead or late and the other side has one before. */
async function firstOf(deadlines: Deadlines, { lateMs, owner, other }: Two): Promise<Answered> {
  const byOwner = await inTime(deadlines, owner, lateMs);
  if (byOwner) return saysDead(byOwner.attempt) ? ((await other()) ?? byOwner) : byOwner;
  const standing = other();
  return new Promise((resolve, reject) => {
    let given: Answered | undefined;
    const give = (answered: Answered): void => {
      if (given === undefined) resolve((given = answered));
      else if (given !== answered && answered.attempt.kind === 'answer')
        answered.attempt.answer.discard();
    };
    owner
      .then(async (answered) =>
        give(saysDead(answered.attempt) ? ((await standing) ?? answered) : answered),
      )
      .catch(reject);
    standing.then(async (answered) => give(answered ?? (await owner))).catch(reject);
  });
}

/** Undefined when it is late. */
function inTime(
  deadlines: Deadlines,
  owner: Promise<Answered>,
  lateMs: number,
): Promise<Answered | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (answered?: Answered): void => {
      deadlines.release(watched);
      resolve(answered);
    };
    const watched: Watched = {
      due: performance.now() + lateMs,
      place: undefined,
      overdue: () => settle(),
    };
    deadlines.watch(watched);
    owner.then(settle, reject);
  });
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
  if (attempt?.kind !== 'answer' || refuses(attempt.answer)) {
    if (attempt?.kind === 'answer') attempt.answer.discard();
    count('failed');
    return undefined;
  }
  if ('epoch' in judged) return { attempt, side, reason: 'owner', epoch: judged.epoch };
  return { attempt, side, reason: 'stand-in', epoch, behindMs: judged.behindMs };
}
