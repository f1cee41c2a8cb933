import {
  homeOf,
  type OwnerView,
  otherSide,
  type Reason,
  type Side,
  steersAt,
} from '@strangler-toolkit/plan';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { isUnasked, NoVerdict, UpstreamFailure } from '../resilience/breaker.ts';
import type { Chosen } from './choose-side.ts';

/** What a context and a request say about whether anybody may answer for a dead owner. */
export interface Asked {
  readonly kind: 'read' | 'write';
  readonly method: string;
  readonly chosen: Chosen;
  /** How far behind the other side may be; 0: it never stands in. */
  readonly withinMs: number;
}

/** Why a read is at the owner though its flag sends it to the other side. */
const keptFromOther: ReadonlySet<Reason> = new Set<Reason>(['pin', 'pin-unknown', 'breaker-open']);

/** The monolith always was; the service is as far as the flag goes, which a ramp turns back where it found it worse. */
const trusted = ({ view, reason }: Chosen): boolean =>
  reason !== 'kill' && (otherSide(homeOf(view)) === 'monolith' || keptFromOther.has(reason));

/**
 * Only a plain read of replicated data, at a stage where both sides serve, and a side that somebody trusts with this reader: a
 * kill switch says that nobody does.
 */
export const mayStandIn = ({ kind, method, chosen, withinMs }: Asked): boolean =>
  withinMs > 0 &&
  kind === 'read' &&
  (method === 'GET' || method === 'HEAD') &&
  chosen.view.dataKind === 'replicated' &&
  chosen.view.known &&
  steersAt(chosen.view.stage) &&
  chosen.target === homeOf(chosen.view) &&
  trusted(chosen);

/** It could not be reached, or said nothing in its time. An answer, whatever it says, is the owner's answer. */
export const saysDead = (attempt: Attempt): attempt is Attempt & { readonly kind: 'failed' } =>
  attempt.kind === 'failed' &&
  (attempt.failure.kind === 'unreachable' || attempt.failure.kind === 'timeout');

/** Whether the other side has an answer at all for an owner that is dead. */
export const hasAnswer = (attempt: Attempt): boolean =>
  attempt.kind === 'answer' && attempt.answer.status < 500;

/** Whether it may be given while the owner may still answer: what the other side refuses or does not find, the owner may have. */
export const outdoes = (attempt: Attempt): boolean =>
  attempt.kind === 'answer' && attempt.answer.status < 400;

/**
 * What the owner's breaker hears when a read got its answer; undefined: the owner lives. One that the other side outran may be
 * slow for this route only, which is no failure; one that was found dead before must answer in the time of its probe.
 */
export function faultOf(
  owner: Attempt | undefined,
  given: Attempt,
  probing: boolean,
): UpstreamFailure | NoVerdict | undefined {
  if (given.kind === 'client-gone' || owner?.kind === 'client-gone')
    return new NoVerdict('the client left');
  if (owner?.kind === 'failed' && isUnasked(owner.failure))
    return new NoVerdict('it was not asked');
  if (owner) return saysDead(owner) ? owner.failure : undefined;
  return probing
    ? new UpstreamFailure('timeout', 'still says nothing')
    : new NoVerdict('the other side was quicker');
}

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
  // a watermark from the future is no measure: the control database's clock was set back
  if (behindMs === undefined || !(behindMs >= 0 && behindMs <= withinMs))
    return { answers: false, why: 'behind' };
  return fresh ? { answers: true, side, behindMs } : { answers: false, why: 'pinned' };
}
