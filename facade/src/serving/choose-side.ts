import {
  bothSides,
  decide,
  type Decision,
  type Freshness,
  homeOf,
  type OwnerView,
  type Side,
} from '@strangler-toolkit/plan';
import type { Claim } from './claim.ts';
import { takeUnder } from './ramp-ceiling.ts';
import type { Serving } from './serving.ts';
import type { Who } from './who.ts';

export interface Chosen extends Decision {
  readonly view: OwnerView;
}
type Chooser = Pick<Serving, 'flags' | 'ownership' | 'metrics'>;

const allWilling: ReadonlySet<Side> = new Set();

/** Reads that a flag sends to a service that has its share of this second already have the owner. */
function underCeiling({ metrics }: Chooser, claim: Claim, chosen: Chosen): Chosen {
  const { ceilings, route } = claim;
  if (chosen.reason === 'tester') return chosen;
  const home = homeOf(chosen.view);
  if (ceilings.length === 0 || chosen.target !== 'service' || home === 'service') return chosen;
  if (takeUnder(ceilings, performance.now())) return chosen;
  metrics.rampSurplus.inc({ context: route.context, route: route.definition.name });
  return { target: home, reason: 'ceiling', view: chosen.view };
}

type Answers = Parameters<typeof decide>[0]['flags'];

/** Asked once for each request: a share of requests is by chance, and another answer each time. */
const answersOf = (
  { flags }: Chooser,
  { flags: names, also = [] }: Claim,
  { sticky }: Who,
): Answers => {
  const kill = flags.isEnabled(names.kill, sticky);
  let route = flags.isEnabled(names.route, sticky);
  for (const other of also) if (route === true) route = flags.isEnabled(other.flags.route, sticky);
  return { kill, route };
};

/** From what is known here, if the other side has this much of the reader's writes. */
function given(
  { plan, route }: Claim,
  flags: Answers,
  { tester }: Who,
  [view, freshness]: readonly [OwnerView, Freshness],
): Decision {
  const unwilling = bothSides.filter((side) => !plan.breakers[side].willing);
  return decide({
    kind: route.definition.kind,
    view,
    freshness,
    unavailable: unwilling.length === 0 ? allWilling : new Set(unwilling),
    flags,
    tester,
  });
}

/**
 * Chooses the side. Where the side that does not own the data would answer, the control database is asked first whether it has
 * this reader's writes; while a hold runs it is asked in any case, because the owner may be changing right now.
 */
export function chooseSide(chooser: Chooser, claim: Claim, who: Who): Chosen | Promise<Chosen> {
  const { context, definition } = claim.route;
  const { states } = chooser.ownership;
  const view = states.get(context);
  if (claim.atOwner === true) return { target: homeOf(view), reason: 'owner', view };
  const answers = answersOf(chooser, claim, who);
  const hoped = given(claim, answers, who, [view, 'fresh']);
  const askNobody =
    view.dataKind !== 'replicated' ||
    definition.kind === 'write' ||
    (hoped.target === homeOf(view) && states.holding(context) === undefined);
  if (askNobody)
    return underCeiling(chooser, claim, { target: hoped.target, reason: hoped.reason, view });
  return afterAsking(chooser, { claim, who, answers });
}

async function afterAsking(
  chooser: Chooser,
  { claim, who, answers }: { claim: Claim; who: Who; answers: Answers },
): Promise<Chosen> {
  const { ownership, metrics } = chooser;
  const { context } = claim.route;
  const answer = await ownership.freshness(context, who.all());
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
  const freshness = usable ? (answer.fresh ? 'fresh' : 'pinned') : 'unknown';
  const decision = given(claim, answers, who, [current, freshness]);
  const { reason } = decision;
  if (reason === 'pin' || reason === 'pin-unknown') metrics.pinnedReads.inc({ context, reason });
  return underCeiling(chooser, claim, { ...decision, view: current });
}
