import type { Side } from '@strangler-toolkit/plan';
import type { Deadlines, Watched } from '../proxy/deadlines.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { outdoes, saysDead } from './stand-in.ts';

export interface Answered {
  readonly attempt: Attempt;
  readonly side: Side;
  readonly reason: string;
  readonly epoch: bigint;
  /** Of a side that stood in: how far behind it may be. */
  readonly behindMs?: number;
}

export interface Two {
  readonly lateMs: number;
  readonly owner: Promise<Answered>;
  /** Undefined: it must not stand in, or has no answer. */
  readonly other: () => Promise<Answered | undefined>;
}

/** The owner's answer, unless it is dead, or late and the other side has a good one before. */
export async function firstOf(
  deadlines: Deadlines,
  { lateMs, owner, other }: Two,
): Promise<Answered> {
  const byOwner = await inTime(deadlines, owner, lateMs);
  if (byOwner) return saysDead(byOwner.attempt) ? ((await other()) ?? byOwner) : byOwner;
  const standing = other();
  return new Promise((resolve, reject) => {
    let given: Answered | undefined;
    const give = (answered: Answered): void => {
      if (given === undefined) resolve((given = answered));
      else if (given !== answered) discard(answered);
    };
    owner
      .then(async (answered) =>
        give(saysDead(answered.attempt) ? ((await standing) ?? answered) : answered),
      )
      .catch(reject);
    standing
      .then(async (answered) => {
        if (!answered) return;
        // no stand-in, but who owns by now: whatever it says
        const owns = answered.behindMs === undefined;
        if (owns || outdoes(answered.attempt)) give(answered);
        else if (!saysDead((await owner).attempt)) discard(answered);
      })
      .catch(reject);
  });
}

function discard({ attempt }: Answered): void {
  if (attempt.kind === 'answer') attempt.answer.discard();
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
