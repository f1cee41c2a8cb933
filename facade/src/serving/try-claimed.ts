import type { Side } from '@strangler-toolkit/plan';
import { IdentityUnknown } from '../edge/session-tokens.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import { addressOf } from './asked-of.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryUpstream, type Upstream } from './try-upstream.ts';

/** One side of a claim; a service learns who has the monolith's session, where a duty of the edge says so. */
export function tryClaimed(
  serving: Serving,
  passage: Passage,
  { claim, side, ...wish }: Omit<Upstream, 'upstream'> & { claim: Claim; side: Side },
): Promise<Attempt> {
  const upstream = { ...wish, side, upstream: claim.plan.urls[side] };
  const session = side === 'service' ? claim.duties?.session : undefined;
  if (!session) return tryUpstream(serving, passage, upstream);
  const started = performance.now();
  return session.forService(passage.headers, addressOf(serving, passage.arrival)).then(
    (headers) =>
      tryUpstream(
        serving,
        { ...passage, headers },
        { ...upstream, patienceMs: wish.patienceMs - (performance.now() - started) },
      ),
    (error: unknown) => {
      if (!(error instanceof IdentityUnknown)) throw error;
      const failure = new UpstreamFailure('identity-unknown', error.message);
      const attempt: Attempt = { kind: 'failed', failure, stale: false };
      wish.note?.(attempt);
      return attempt;
    },
  );
}
