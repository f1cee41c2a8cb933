import type { IncomingMessage } from 'node:http';
import {
  flagName,
  killFlagName,
  otherSide,
  shadowFlagName,
  type Side,
  bothSides,
} from '@strangler-toolkit/plan';
import {
  decide,
  type Decision,
  type DecisionInput,
  type Freshness,
  homeOf,
  type OwnerView,
} from '../routing/decide.ts';
import type { CompiledRoute } from '../routing/route-table.ts';
import type { MirroredRead } from '../shadow/mirror.ts';
import { giveAnswer, giveFailure } from './answer.ts';
import { type Attempt, discard } from '../proxy/attempt.ts';
import { keepBody } from './keep-body.ts';
import type { ContextPlan, Passage, Serving } from './serve.ts';
import { refusal, refuses, tryUpstream } from './try-upstream.ts';

interface Chosen extends Decision {
  readonly view: OwnerView;
}

/**
 * Chooses the side. Where the side that does not own the data would answer, the control database is asked first whether it has
 * this reader's writes; while a hold runs it is asked in any case, because the owner may be changing right now.
 */
export async function chooseSide(
  serving: Serving,
  plan: ContextPlan,
  route: CompiledRoute,
  identity: string | undefined,
): Promise<Chosen> {
  const { flags, ownership } = serving;
  const { context, definition } = route;
  const unavailable = new Set(bothSides.filter((side) => !plan.breakers[side].willing));
  const input = (view: OwnerView, freshness: Freshness): DecisionInput => ({
    kind: definition.kind,
    view,
    freshness,
    unavailable,
    flags: {
      kill: flags.isEnabled(killFlagName(context), identity),
      route: flags.isEnabled(flagName(context, definition.name), identity),
    },
  });
  const view = ownership.states.get(context);
  const hoped = decide(input(view, 'fresh'));
  const moving = view.dataKind === 'replicated' && ownership.states.holding(context) !== undefined;
  if (
    view.dataKind !== 'replicated' ||
    definition.kind === 'write' ||
    (hoped.target === homeOf(view) && !moving)
  )
    return { ...hoped, view };
  const answer = await ownership.freshness(context, identity);
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
  const decision = decide(input(current, usable ? (answer.fresh ? 'fresh' : 'pinned') : 'unknown'));
  if (decision.reason === 'pin' || decision.reason === 'pin-unknown')
    serving.metrics.pinnedReads.inc({ context, reason: decision.reason });
  return { ...decision, view: current };
}

/** The outcome of one side's try, noted for the ramp's comparison. 502, 503, 504 of a side that somebody can stand in for count as failure. */
async function trySide(
  serving: Serving,
  passage: Passage,
  plan: ContextPlan,
  route: CompiledRoute,
  side: Side,
  patienceMs: number,
  replaceable: boolean,
): Promise<Attempt | undefined> {
  const started = performance.now();
  const note = (error: boolean): void =>
    serving.noteTry(route.context, route.definition.name, side, performance.now() - started, error);
  let attempt: Attempt | undefined;
  const run = async (): Promise<void> => {
    attempt = await tryUpstream(serving, passage, plan.urls[side], patienceMs);
    if (attempt.kind === 'failed') throw attempt.failure;
    if (attempt.kind === 'answer' && replaceable && refuses(attempt.answer))
      throw refusal(attempt.answer);
  };
  try {
    if (replaceable) await plan.breakers[side].execute(run);
    else await run();
  } catch (error) {
    if (attempt === undefined || attempt.kind === 'client-gone') throw error;
    serving.metrics.upstreamFailures.inc({
      context: route.context,
      side,
      kind: attempt.kind === 'failed' ? attempt.failure.kind : 'refusing',
    });
  }
  if (attempt?.kind === 'failed') note(true);
  if (attempt?.kind === 'answer') note((attempt.answer.statusCode ?? 500) >= 500);
  return attempt;
}

function mirrored(
  serving: Serving,
  passage: Passage,
  plan: ContextPlan,
  route: CompiledRoute,
  identity: string | undefined,
  side: Side,
  view: OwnerView,
  answer: IncomingMessage,
): ((chunk: Buffer) => void) | undefined {
  const useful =
    view.dataKind !== 'replicated' ||
    view.stage === 'shadowing' ||
    view.stage === 'canary' ||
    view.stage === 'service';
  const askedAgain = passage.method === 'GET' || passage.body !== undefined;
  if (!useful || !askedAgain || side !== homeOf(view)) return undefined;
  try {
    if (
      serving.flags.isEnabled(shadowFlagName(route.context, route.definition.name), identity) !==
      true
    )
      return undefined;
    const candidate: Side = otherSide(side);
    const read: MirroredRead = {
      route,
      method: passage.method,
      target: { path: passage.path, search: passage.search },
      headers: passage.headers,
      ...(passage.body && { body: passage.body }),
      reference: plan.urls[side],
      candidate: plan.urls[candidate],
      served: side,
      epoch: view.epoch,
      replicated: view.dataKind === 'replicated',
    };
    const watcher = serving.mirror.watch(read, answer);
    return (
      watcher &&
      ((chunk) => {
        try {
          watcher(chunk);
        } catch {
          serving.metrics.shadowCrashes.inc();
        }
      })
    );
  } catch {
    serving.metrics.shadowCrashes.inc();
    return undefined;
  }
}

/** A read of any context, or a write of one whose data cannot fork (`none`, `shared`): flags steer it. */
export async function serveSteered(
  serving: Serving,
  incoming: Passage,
  plan: ContextPlan,
  route: CompiledRoute,
): Promise<void> {
  const passage =
    route.definition.kind === 'read'
      ? await keepBody(incoming, serving.limits.timeoutMs)
      : incoming;
  if (!passage) return;
  const identity = plan.identity({ headers: passage.original, search: passage.search });
  const chosen = await chooseSide(serving, plan, route, identity);
  const totalMs = route.definition.timeoutMs ?? serving.limits.timeoutMs;
  const home = homeOf(chosen.view);
  const replaceable =
    chosen.target !== home && route.definition.kind === 'read' && !passage.withBody;
  let side = chosen.target;
  Object.assign(passage.told, { side, reason: chosen.reason, epoch: String(chosen.view.epoch) });
  // the first try leaves the second one half of the time
  let attempt = await trySide(
    serving,
    passage,
    plan,
    route,
    side,
    replaceable ? totalMs / 2 : totalMs,
    replaceable,
  );
  const failed =
    attempt === undefined ||
    attempt.kind === 'failed' ||
    (attempt.kind === 'answer' && refuses(attempt.answer));
  if (replaceable && failed) {
    if (attempt?.kind === 'answer') discard(attempt.answer);
    serving.metrics.fallbacks.inc({ context: route.context, route: route.definition.name });
    side = home;
    Object.assign(passage.told, { side, reason: 'fallback' });
    attempt = await trySide(
      serving,
      passage,
      plan,
      route,
      side,
      totalMs - (performance.now() - passage.started),
      false,
    );
  }
  if (!attempt || attempt.kind === 'client-gone') return;
  if (attempt.kind === 'failed') return giveFailure(passage, attempt.failure);
  const onChunk =
    route.definition.kind === 'read' && passage.told.reason !== 'fallback'
      ? mirrored(serving, passage, plan, route, identity, side, chosen.view, attempt.answer)
      : undefined;
  giveAnswer(serving, passage, attempt.answer, { totalMs, onChunk });
}
