import { homeOf, type OwnerView, otherSide, type Side, steersAt } from '@strangler-toolkit/plan';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import type { Chosen } from './choose-side.ts';

/** What a context and a request say about whether anybody may answer for a dead owner. */
export interface Asked {
  readonly kind: 'read' | 'write';
  readonly method: string;
  readonly chosen: Chosen;
  /** How far behind the other side may be; 0: it never stands in. */
  readonly withinMs: number;
}

/**
 * Only a plain read of replicated data, at a stage where both sides serve. A kill switch says that somebody does not trust the
 * other side: then it does not stand in either.
 */
export const mayStandIn = ({ kind, method, chosen, withinMs }: Asked): boolean =>
  withinMs > 0 &&
  kind === 'read' &&
  (method === 'GET' || method === 'HEAD') &&
  chosen.view.dataKind === 'replicated' &&
  chosen.view.known &&
  steersAt(chosen.view.stage) &&
  chosen.target === homeOf(chosen.view) &&
  chosen.reason !== 'kill';

/** It could not be reached, or said nothing in its time. An answer, whatever it says, is the owner's answer. */
export const saysDead = (attempt: Attempt): boolean =>
  attempt.kind === 'failed' &&
  (attempt.failure.kind === 'unreachable' || attempt.failure.kind === 'timeout');

export type StandIn =
  | { readonly answers: true; readonly side: Side; readonly behindMs: number }
  /** Nobody stands in: the other side became the owner while the one of before was asked. */
  | { readonly answers: true; readonly side: Side; readonly epoch: bigint }
  | { readonly answers: false; readonly why: 'unknown' | 'owner-changed' | 'behind' | 'pinned' };

/** Whether the side that does not own the data may answer this reader, by what the control database says at this moment. */
export function judgeStandIn(
  view: Pick<OwnerView, 'owner' | 'epoch'>,
  answer: FreshnessAnswer,
  withinMs: number,
): StandIn {
  const side = otherSide(view.owner);
  if (!answer.known || answer.owner === undefined) return { answers: false, why: 'unknown' };
  const { owner, epoch, behindMs, fresh } = answer;
  if (epoch > view.epoch && owner === side) return { answers: true, side, epoch };
  // a watermark of another epoch is about another way; an older one comes from a control database that fell back
  if (epoch !== view.epoch || owner !== view.owner) return { answers: false, why: 'owner-changed' };
  if (behindMs === undefined || !(behindMs <= withinMs)) return { answers: false, why: 'behind' };
  return fresh ? { answers: true, side, behindMs } : { answers: false, why: 'pinned' };
}
