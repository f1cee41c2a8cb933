import type { Side } from '@strangler-toolkit/plan';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryUpstream } from './try-upstream.ts';

/** Statuses with which a gateway or a service says: I cannot serve now. */
export const refuses = ({ status }: UpstreamAnswer): boolean =>
  status === 502 || status === 503 || status === 504;

export interface SideToTry {
  readonly claim: Claim;
  readonly side: Side;
  readonly patienceMs: number;
  /** The other side can stand in: then the breaker watches, and 502, 503, 504 count as failure. */
  readonly replaceable: boolean;
}

/** The outcome of one side's try, noted for the ramp's comparison; undefined when its breaker is open. */
export async function trySide(
  serving: Serving,
  passage: Passage,
  { claim, side, patienceMs, replaceable }: SideToTry,
): Promise<Attempt | undefined> {
  const { route, plan } = claim;
  const { context } = route;
  const started = performance.now();
  const note = (error: boolean): void =>
    serving.noteTry({
      context,
      route: route.definition.name,
      side,
      milliseconds: performance.now() - started,
      error,
    });
  let attempt: Attempt | undefined;
  const run = async (): Promise<void> => {
    attempt = await tryUpstream(serving, passage, {
      upstream: plan.urls[side],
      patienceMs,
      once: route.definition.kind === 'write',
    });
    if (attempt.kind === 'failed') throw attempt.failure;
    if (attempt.kind === 'answer' && replaceable && refuses(attempt.answer))
      throw new UpstreamFailure('refusing', `upstream answered ${attempt.answer.status}`);
  };
  try {
    if (replaceable) await plan.breakers[side].execute(run);
    else await run();
  } catch (error) {
    if (attempt === undefined || attempt.kind === 'client-gone') throw error;
    const kind = attempt.kind === 'failed' ? attempt.failure.kind : 'refusing';
    serving.metrics.upstreamFailures.inc({ context, side, kind });
  }
  if (attempt?.kind === 'failed') note(true);
  if (attempt?.kind === 'answer') note(attempt.answer.status >= 500);
  return attempt;
}
