import { bothSides } from '@strangler-toolkit/plan';
import {
  decide,
  type Decision,
  type Freshness,
  homeOf,
  type OwnerView,
} from '../routing/decide.ts';
import type { Claim } from './claim.ts';
import type { Serving } from './serving.ts';
import type { Who } from './who.ts';

export interface Chosen extends Decision {
  readonly view: OwnerView;
}
type Chooser = Pick<Serving, 'flags' | 'ownership' | 'metrics'>;

/**
 * Chooses the side. Where the side that does not own the data would answer, the control database is asked first whether it has
 * this reader's writes; while a hold runs it is asked in any case, because the owner may be changing right now.
 */
export async function chooseSide(
  { flags, ownership, metrics }: Chooser,
  claim: Claim,
  { sticky, all }: Who,
): Promise<Chosen> {
  const { context, definition } = claim.route;
  const { breakers } = claim.plan;
  const { kind } = definition;
  const unavailable = new Set(bothSides.filter((side) => !breakers[side].willing));
  const given = (view: OwnerView, freshness: Freshness): Decision => {
    const kill = flags.isEnabled(claim.flags.kill, sticky);
    const route = flags.isEnabled(claim.flags.route, sticky);
    return decide({ kind, view, freshness, unavailable, flags: { kill, route } });
  };
  const view = ownership.states.get(context);
  const hoped = given(view, 'fresh');
  if (view.dataKind !== 'replicated' || kind === 'write') return { ...hoped, view };
  const moving = ownership.states.holding(context) !== undefined;
  if (hoped.target === homeOf(view) && !moving) return { ...hoped, view };

  const answer = await ownership.freshness(context, all());
  let current: OwnerView = ownership.states.get(context);
  // the owner changed and this answer is the first to tell
  if (answer.known && answer.owner && answer.epoch > current.epoch)
    current = {
      ...current,
      owner: answer.owner,
      epoch: answer.epoch,
      stage: answer.owner === 'service' ? 'service' : 'canary',
    };
  const usable = answer.known && answer.epoch === current.epoch;
  const decision = given(current, usable ? (answer.fresh ? 'fresh' : 'pinned') : 'unknown');
  const { reason } = decision;
  if (reason === 'pin' || reason === 'pin-unknown') metrics.pinnedReads.inc({ context, reason });
  return { ...decision, view: current };
}
