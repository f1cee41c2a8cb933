import type { CompiledRoute } from '../routing/route-table.ts';
import { giveAnswer, giveFailure } from './answer.ts';
import { discard } from '../proxy/attempt.ts';
import { sendProblem } from '../proxy/problem.ts';
import type { ContextPlan, Passage, Serving } from './serve.ts';
import { tryUpstream } from './try-upstream.ts';

/** A write of a replicated context: only to the owner, not during a hold, and its writer is pinned before the answer leaves. */
export async function serveWrite(
  serving: Serving,
  passage: Passage,
  plan: ContextPlan,
  route: CompiledRoute,
  welcome: () => void,
): Promise<void> {
  const { ownership, metrics } = serving;
  const { context } = route;
  const admission = await ownership.gate.enter(context, passage.gone);
  if (!admission.admitted) {
    if (admission.reason === 'gone') return;
    metrics.rejected.inc({ code: 'WRITES_HELD' });
    Object.assign(passage.told, { reason: `hold-${admission.reason}` });
    sendProblem(passage.response, {
      status: 503,
      code: 'WRITES_HELD',
      requestId: passage.requestId,
      retryAfterSeconds: 1,
      detail: `Writes of ${context} are held for a moment while its owner changes. Try again.`,
    });
    return;
  }
  if (admission.waitedMs > 1) metrics.holdSeconds.observe({ context }, admission.waitedMs / 1_000);
  welcome();
  const side = admission.state.owner;
  Object.assign(passage.told, { side, reason: 'owner', epoch: String(admission.state.epoch) });
  const totalMs = route.definition.timeoutMs ?? serving.limits.timeoutMs;
  const started = performance.now();
  const note = (error: boolean): void =>
    serving.noteTry(context, route.definition.name, side, performance.now() - started, error);
  const identity = plan.identity({ headers: passage.original, search: passage.search });
  const pin = async (): Promise<void> => {
    // no control database: no worker and no other side that could be behind
    if (!ownership.link) return;
    metrics.pins.inc({
      context,
      outcome: (await ownership.pin(context, identity)) ? 'written' : 'lost',
    });
  };
  try {
    const attempt = await tryUpstream(serving, passage, plan.urls[side], totalMs, 'once');
    if (attempt.kind === 'client-gone') {
      // the write may have happened all the same, and the writer may come back to look
      void pin();
      return;
    }
    if (attempt.kind === 'failed') {
      note(true);
      metrics.upstreamFailures.inc({ context, side, kind: attempt.failure.kind });
      await pin();
      giveFailure(passage, attempt.failure);
      return;
    }
    const status = attempt.answer.statusCode ?? 500;
    note(status >= 500);
    // a refused write (4xx) changed nothing; anything else may have
    if (status < 400 || status >= 500) await pin();
    if (passage.response.destroyed) {
      discard(attempt.answer);
      return;
    }
    const ended = new Promise<void>((resolve) => attempt.answer.once('close', resolve));
    giveAnswer(serving, passage, attempt.answer, { totalMs });
    await ended;
  } finally {
    admission.leave();
  }
}
