import { bothSee, shelfOf } from '../edge/shelf.ts';
import { homeOf } from '@strangler-toolkit/plan';
import { followIdentity } from './follow-identity.ts';
import { giveAnswer, giveFailure } from './answer.ts';
import { chooseSide } from './choose-side.ts';
import type { Claim } from './claim.ts';
import { keepBody } from './keep-body.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { mirrorAnswer } from './mirror-answer.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { mayStandIn } from './stand-in.ts';
import { refuses, trySide } from './try-side.ts';
import { tryOwner } from './try-owner.ts';
import { whoAsks } from './who.ts';

/** A read of any context, or a write of one whose data cannot fork (`none`, `shared`): flags steer it. */
export async function serveSteered(
  serving: Serving,
  incoming: Passage,
  claim: Claim,
): Promise<void> {
  const { context, definition } = claim.route;
  const { limits, metrics } = serving;
  const isRead = definition.kind === 'read';
  const passage =
    isRead && incoming.withBody ? await keepBody(incoming, limits.timeoutMs) : incoming;
  if (!passage) return;
  const { arrival, told } = passage;
  const who = whoAsks(arrival);
  if (who.tester === undefined) serving.noteWho(context, who);
  const choice = chooseSide(serving, claim, who);
  // nearly always known at once
  const chosen = choice instanceof Promise ? await choice : choice;
  const totalMs = definition.timeoutMs ?? limits.timeoutMs;
  const home = homeOf(chosen.view);
  const replaceable = chosen.target !== home && isRead && !passage.withBody;
  let side = chosen.target;
  told.side = side;
  told.reason = chosen.reason;
  told.epoch = String(chosen.view.epoch);
  const shelf = serving.cache && shelfOf(serving, passage, { claim, who, chosen });
  const kept = shelf && (await shelf.find());
  if (kept) {
    Object.assign(told, { reason: 'cache', unasked: true });
    return giveAnswer(serving, passage, kept, { totalMs, cache: 'HIT' });
  }
  // the first try leaves the second one half of the time
  const patienceMs = replaceable ? totalMs / 2 : totalMs;
  const { kind } = definition;
  const withinMs = passage.withBody || !serving.ownership.link ? 0 : claim.plan.standInMs;
  let standIn: { readonly behindMs: number } | undefined;
  let attempt: Attempt | undefined;
  if (mayStandIn({ kind, method: arrival.method, chosen, withinMs })) {
    const answered = await tryOwner(serving, passage, { claim, who, chosen, totalMs });
    const { behindMs, reason, epoch } = answered;
    ({ attempt, side } = answered);
    Object.assign(told, { side, reason, epoch: String(epoch) });
    if (behindMs !== undefined) standIn = { behindMs };
  } else attempt = await trySide(serving, passage, { claim, side, patienceMs, replaceable });
  const failed =
    attempt === undefined ||
    attempt.kind === 'failed' ||
    (attempt.kind === 'answer' && refuses(attempt.answer));
  const fallback = replaceable && failed;
  if (fallback) {
    if (attempt?.kind === 'answer') attempt.answer.discard();
    metrics.fallbacks.inc({ context, route: definition.name });
    side = home;
    told.side = side;
    told.reason = 'fallback';
    const leftMs = totalMs - (performance.now() - arrival.started);
    attempt = await trySide(serving, passage, {
      claim,
      side,
      patienceMs: leftMs,
      replaceable: false,
    });
  }
  if (!attempt || attempt.kind === 'client-gone') return;
  if (attempt.kind === 'failed') return giveFailure(serving, passage, attempt.failure);
  const { answer } = attempt;
  const following = followIdentity(serving, passage, answer);
  if (following) await following;
  if (passage.response.destroyed) return answer.discard();
  const onlooker =
    isRead && !fallback && chosen.reason !== 'tester'
      ? mirrorAnswer(serving, passage, { claim, who, side, view: chosen.view, answer })
      : undefined;
  const asChosen = !fallback && !standIn && side === chosen.target;
  const keeper = asChosen ? shelf?.keeper(answer) : undefined;
  giveAnswer(serving, passage, answer, {
    totalMs,
    onlooker: bothSee(onlooker, keeper),
    standIn,
    cache: shelf && 'MISS',
  });
}
