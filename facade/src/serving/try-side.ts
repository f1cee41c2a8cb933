import type { Side } from '@strangler-toolkit/plan';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { NoVerdict, UpstreamFailure } from '../resilience/breaker.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryClaimed } from './try-claimed.ts';

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
export const trySide = (
  serving: Serving,
  passage: Passage,
  wanted: SideToTry,
): Promise<Attempt | undefined> =>
  wanted.replaceable ? watched(serving, passage, wanted) : one(serving, passage, wanted);

function note(
  serving: Serving,
  { claim, side, replaceable, isTest }: SideToTry & { readonly isTest: boolean },
  attempt: Attempt,
  started: number,
): void {
  if (attempt.kind === 'client-gone') return;
  const { context, definition } = claim.route;
  const failed = attempt.kind === 'failed';
  if (failed || (replaceable && refuses(attempt.answer)))
    serving.metrics.upstreamFailures.inc({
      context,
      side,
      kind: failed ? attempt.failure.kind : 'refusing',
    });
  // of whom nothing was asked, nothing is told; a tester asks what nobody else does
  if (isTest || (failed && attempt.failure.kind === 'identity-unknown')) return;
  serving.noteTry({
    context,
    route: definition.name,
    side,
    milliseconds: performance.now() - started,
    status: failed ? undefined : attempt.answer.status,
  });
}

function one(serving: Serving, passage: Passage, wanted: SideToTry): Promise<Attempt> {
  const { claim, side, patienceMs } = wanted;
  const started = performance.now();
  return tryClaimed(serving, passage, {
    claim,
    side,
    patienceMs,
    once: claim.route.definition.kind === 'write',
    note: (attempt) =>
      note(serving, { ...wanted, isTest: passage.told.reason === 'tester' }, attempt, started),
  });
}

/** With the breaker looking on. */
async function watched(
  serving: Serving,
  passage: Passage,
  wanted: SideToTry,
): Promise<Attempt | undefined> {
  let attempt: Attempt | undefined;
  try {
    await wanted.claim.plan.breakers[wanted.side].execute(async () => {
      attempt = await one(serving, passage, wanted);
      if (attempt.kind === 'client-gone') throw new NoVerdict('the client left');
      if (attempt.kind === 'failed') throw attempt.failure;
      if (refuses(attempt.answer))
        throw new UpstreamFailure('refusing', `upstream answered ${attempt.answer.status}`);
    });
  } catch (error) {
    if (attempt === undefined) throw error;
  }
  return attempt;
}
