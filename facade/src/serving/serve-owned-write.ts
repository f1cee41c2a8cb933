import type { UpstreamAnswer } from '../proxy/answer.ts';
import { sendProblem } from '../proxy/problem.ts';
import { headersObject } from '../proxy/raw-headers.ts';
import { isUnasked } from '../resilience/breaker.ts';
import type { Onlooker } from '../proxy/relay.ts';
import type { OwnerView, Side } from '@strangler-toolkit/plan';
import type { Admission } from '../holds/write-gate.ts';
import { giveAnswer, giveFailure } from './answer.ts';
import type { Claim, ContextPlan } from './claim.ts';
import { followIdentity } from './follow-identity.ts';
import { type Passage, welcomeBody } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryClaimed } from './try-claimed.ts';
import { tryUpstream } from './try-upstream.ts';
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

/** A write that did not pass at once. */
function tellWait(
  { spans }: Serving,
  { arrival: { trace } }: Passage,
  {
    context,
    admission,
    waitedMs,
  }: { readonly context: string; readonly admission: Admission; readonly waitedMs: number },
): void {
  if (!trace.span || (admission.admitted && waitedMs <= 1)) return;
  const outcome = admission.admitted ? 'released' : admission.reason;
  const attributes = { 'strangler.context': context, 'strangler.hold.outcome': outcome };
  spans?.waited(trace.span, 'held write', { waitedMs, attributes });
}

export interface OwnedWrite {
  /** Of one route for each context that it may change. */
  readonly claims: readonly [Claim, ...Claim[]];
  /** Only the monolith has all that the request asks for: without it the route's own owner is asked. */
  readonly atMonolith?: boolean;
}
type Admitted = Extract<Admission, { readonly admitted: true }>;

/** A write of a replicated context: only to the owner, not during a hold, and its writer is pinned before the answer leaves. */
export async function serveOwnedWrite(
  serving: Serving,
  passage: Passage,
  write: OwnedWrite,
): Promise<void> {
  const { ownership, metrics } = serving;
  const gone = new AbortController();
  passage.response.once('close', () => gone.abort());
  const admitted = new Map<string, Admitted>();
  try {
    const contexts = new Set(write.claims.map(({ route }) => route.context));
    // in one order: two that wait for each other would wait until their time is over
    for (const context of [...contexts].toSorted()) {
      const began = performance.now();
      const admission = await ownership.gate.enter(context, gone.signal);
      tellWait(serving, passage, { context, admission, waitedMs: performance.now() - began });
      if (!admission.admitted) {
        if (admission.reason !== 'gone') refuseHeld(serving, passage, context, admission.reason);
        return;
      }
      admitted.set(context, admission);
      const { waitedMs } = admission;
      if (waitedMs > 1) metrics.holdSeconds.observe({ context }, waitedMs / 1_000);
    }
    const states = new Map([...admitted].map(([context, { state }]) => [context, state]));
    const [claim] = write.claims;
    const { context } = claim.route;
    const { owner, epoch } = states.get(context) ?? ownership.states.get(context);
    const side = write.atMonolith === true ? 'monolith' : owner;
    const late = [...states].find(([, state]) => state.owner !== side);
    if (late) return refuseLate(serving, passage, late[0]);
    welcomeBody(passage);
    Object.assign(passage.told, { side, reason: 'owner', epoch: String(epoch) });
    await writeTo(serving, passage, { write, side, states });
  } finally {
    for (const { leave } of admitted.values()) leave();
  }
}

/** Ends when the answer has ended: until then the write counts as under way. */
async function writeTo(
  serving: Serving,
  passage: Passage,
  {
    write,
    side,
    states,
  }: {
    readonly write: OwnedWrite;
    readonly side: Side;
    readonly states: ReadonlyMap<string, OwnerView>;
  },
): Promise<void> {
  const { ownership, metrics, limits } = serving;
  const { claims, atMonolith = false } = write;
  const [claim] = claims;
  const { route } = claim;
  const { context, definition } = route;
  const totalMs = atMonolith ? limits.wireTimeoutMs : (definition.timeoutMs ?? limits.timeoutMs);
  const started = performance.now();
  const note = (status: number | undefined): void => {
    // of several the comparison of a ramp learns nothing
    if (atMonolith) return;
    serving.noteTry({
      context,
      route: definition.name,
      side,
      milliseconds: performance.now() - started,
      status,
    });
  };
  const pinOne = async (one: Claim, answer?: UpstreamAnswer): Promise<void> => {
    const { headers, search, peer } = passage.arrival;
    const who = whoAsks({ claim: one, headers, search, peer });
    const written = await ownership.pin(one.route.context, writers(one.plan, who, answer));
    metrics.pins.inc({
      context: one.route.context,
      outcome: written ? 'written' : 'lost',
    });
  };
  const pin = async (answer?: UpstreamAnswer): Promise<void> => {
    // no control database: no worker and no other side that could be behind
    if (!ownership.link) return;
    await Promise.all(claims.map((one) => pinOne(one, answer)));
  };
  const wish = { side, patienceMs: totalMs, once: true };
  const attempt = atMonolith
    ? await tryUpstream(serving, passage, { ...wish, upstream: serving.monolithUrl })
    : await tryClaimed(serving, passage, { ...wish, claim });
  if (attempt.kind === 'client-gone') {
    // the write may have happened all the same, and the writer may come back to look
    void pin();
    return;
  }
  if (attempt.kind === 'failed') {
    if (attempt.failure.kind !== 'identity-unknown') note(undefined);
    metrics.upstreamFailures.inc({
      context: atMonolith ? '' : context,
      side,
      kind: attempt.failure.kind,
    });
    if (!isUnasked(attempt.failure)) await pin();
    giveFailure(serving, passage, attempt.failure);
    return;
  }
  const { answer } = attempt;
  const { status } = answer;
  note(status);
  // a refused write may have counted its attempt all the same
  const tells = claims.some((one) => one.route.definition.pinRefused !== false);
  const changed = status < 400 || status >= 500 || tells;
  await Promise.all([changed && pin(answer), followIdentity(serving, passage, answer)]);
  if (status >= 500)
    for (const [one, { epoch }] of states)
      if (await ownership.wasTooLate(one, side, epoch)) {
        answer.discard();
        return refuseLate(serving, passage, one);
      }
  if (passage.response.destroyed) {
    answer.discard();
    return;
  }
  await new Promise<void>((resolve) => {
    const onlooker: Onlooker = { chunk: () => {}, end: () => resolve() };
    giveAnswer(serving, passage, answer, { ...(!atMonolith && { totalMs }), onlooker });
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
