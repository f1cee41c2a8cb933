import { giveAnswer, giveFailure } from './answer.ts';
import { followIdentity } from './follow-identity.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryUpstream } from './try-upstream.ts';

/** What no context claims passes to the monolith, byte for byte. */
export async function serveUnclaimed(serving: Serving, passage: Passage): Promise<void> {
  const { limits, metrics, monolithUrl } = serving;
  const attempt = await tryUpstream(serving, passage, {
    upstream: monolithUrl,
    side: 'monolith',
    patienceMs: limits.wireTimeoutMs,
  });
  if (attempt.kind === 'client-gone') return;
  if (attempt.kind === 'answer') {
    const following = followIdentity(serving, passage, attempt.answer);
    if (following) await following;
    if (passage.response.destroyed) return attempt.answer.discard();
    return giveAnswer(serving, passage, attempt.answer);
  }
  metrics.upstreamFailures.inc({ context: '', side: 'monolith', kind: attempt.failure.kind });
  giveFailure(serving, passage, attempt.failure);
}
