import type { UpstreamAnswer } from '../proxy/answer.ts';
import { sendProblem } from '../proxy/problem.ts';
import { headersObject } from '../proxy/raw-headers.ts';
import { isUnasked } from '../resilience/breaker.ts';
import type { Onlooker } from '../proxy/relay.ts';
import type { OwnerView } from '@strangler-toolkit/plan';
import { giveAnswer, giveFailure } from './answer.ts';
import type { Claim, ContextPlan } from './claim.ts';
import { followIdentity } from './follow-identity.ts';
import { type Passage, welcomeBody } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryClaimed } from './try-claimed.ts';
import { type Who, whoAsks } from './who.ts';

/** The hold lasted longer than a write may wait, or too many wait already. */
function refuseHeld(
  { metrics }: Serving,
  { arrival, response, told }: Passage,
  context: string,
  why: 'full' | 'timeout',
): void {
  metrics.rejected.inc({ code: 'WRITES_HELD' });
  told.reason = `hold-${why}`;
  sendProblem(response, {
    status: 503,
    code: 'WRITES_HELD',
    requestId: arrival.trace.requestId,
    retryAfterSeconds: 1,
    detail: `Writes of ${context} are held for a moment while its owner changes. Try again.`,
  });
}

/** The side that this facade thought to be the owner was fenced already: the application's failure would say nothing of it. */
function refuseLate(
  { metrics }: Serving,
  { arrival, response, told }: Passage,
  context: string,
): void {
  metrics.rejected.inc({ code: 'OWNER_CHANGED' });
  told.reason = 'owner-changed';
  sendProblem(response, {
    status: 503,
    code: 'OWNER_CHANGED',
    requestId: arrival.trace.requestId,
    retryAfterSeconds: 1,
    detail: `The owner of ${context} changed before this write reached it, and the old one refused it. Try again.`,
  });
}

/** A write of a replicated context: only to the owner, not during a hold, and its writer is pinned before the answer leaves. */
export async function serveOwnedWrite(
  serving: Serving,
  passage: Passage,
  claim: Claim,
): Promise<void> {
  const { ownership, metrics } = serving;
  const { context } = claim.route;
  const gone = new AbortController();
  passage.response.once('close', () => gone.abort());
  const admission = await ownership.gate.enter(context, gone.signal);
  if (!admission.admitted) {
    if (admission.reason !== 'gone') refuseHeld(serving, passage, context, admission.reason);
    return;
  }
  const { state, waitedMs, leave } = admission;
  try {
    if (waitedMs > 1) metrics.holdSeconds.observe({ context }, waitedMs / 1_000);
    welcomeBody(passage);
    Object.assign(passage.told, { side: state.owner, reason: 'owner', epoch: String(state.epoch) });
    await writeTo(serving, passage, claim, state);
  } finally {
    leave();
  }
}

/** Ends when the answer has ended: until then the write counts as under way. */
async function writeTo(
  serving: Serving,
  passage: Passage,
  claim: Claim,
  { owner: side, epoch }: Pick<OwnerView, 'owner' | 'epoch'>,
): Promise<void> {
  const { ownership, metrics, limits } = serving;
  const { route, plan } = claim;
  const { context, definition } = route;
  const totalMs = definition.timeoutMs ?? limits.timeoutMs;
  const started = performance.now();
  const note = (status: number | undefined): void =>
    serving.noteTry({
      context,
      route: definition.name,
      side,
      milliseconds: performance.now() - started,
      status,
    });
  const who = whoAsks(passage.arrival);
  const pin = async (answer?: UpstreamAnswer): Promise<void> => {
    // no control database: no worker and no other side that could be behind
    if (!ownership.link) return;
    const written = await ownership.pin(context, writers(plan, who, answer));
    metrics.pins.inc({ context, outcome: written ? 'written' : 'lost' });
  };
  const attempt = await tryClaimed(serving, passage, {
    claim,
    side,
    patienceMs: totalMs,
    once: true,
  });
  if (attempt.kind === 'client-gone') {
    // the write may have happened all the same, and the writer may come back to look
    void pin();
    return;
  }
  if (attempt.kind === 'failed') {
    if (attempt.failure.kind !== 'identity-unknown') note(undefined);
    metrics.upstreamFailures.inc({ context, side, kind: attempt.failure.kind });
    if (!isUnasked(attempt.failure)) await pin();
    giveFailure(serving, passage, attempt.failure);
    return;
  }
  const { answer } = attempt;
  const { status } = answer;
  note(status);
  // a refused write may have counted its attempt all the same
  const changed = status < 400 || status >= 500 || definition.pinRefused !== false;
  await Promise.all([changed && pin(answer), followIdentity(serving, passage, answer)]);
  if (status >= 500 && (await ownership.wasTooLate(context, side, epoch))) {
    answer.discard();
    return refuseLate(serving, passage, context);
  }
  if (passage.response.destroyed) {
    answer.discard();
    return;
  }
  await new Promise<void>((resolve) => {
    const onlooker: Onlooker = { chunk: () => {}, end: () => resolve() };
    giveAnswer(serving, passage, answer, { totalMs, onlooker });
  });
}

/** Whom a write pins: what the request had and what its answer gave; everybody, when its writer can come back with anything. */
function writers(
  plan: ContextPlan,
  who: Who,
  answer: UpstreamAnswer | undefined,
): readonly string[] {
  const shown = who.all();
  const { given, users, ended } = plan.identity.inAnswer(
    headersObject(answer?.said ?? answer?.rawHeaders ?? []),
  );
  const everybody = shown.length === 0 || ended ? ['*'] : [];
  return [...new Set([...shown, ...given, ...users, ...everybody])];
}
