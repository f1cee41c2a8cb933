import type { CompiledRoute } from '@strangler-toolkit/plan';
import type { Passage } from './passage.ts';
import { welcomeBody } from './passage.ts';
import { serveOwnedWrite } from './serve-owned-write.ts';
import { serveSteered } from './serve-steered.ts';
import { serveUnclaimed } from './serve-unclaimed.ts';
import type { Serving } from './serving.ts';

/** Writes of a replicated context follow their owner, everything else that is claimed follows flags, the rest passes. */
export function serveClaimed(serving: Serving, passage: Passage): Promise<void> {
  const { claim } = passage.arrival;
  if (claim?.route.definition.kind === 'write') {
    keptAnswersEnd(serving, passage, claim.route);
    const { dataKind } = serving.ownership.states.get(claim.route.context);
    if (dataKind === 'replicated') return serveOwnedWrite(serving, passage, { claims: [claim] });
  }
  welcomeBody(passage);
  return claim ? serveSteered(serving, passage, claim) : serveUnclaimed(serving, passage);
}

/**
 * What is kept of a context's answers was true before this write. One whose answer nobody saw the end of counts as under way for
 * as long as it might have been waited for.
 */
export function keptAnswersEnd(
  { cache, limits }: Serving,
  { response, told }: Passage,
  { context, definition }: CompiledRoute,
): void {
  if (!cache || response.destroyed) return;
  const end = cache.write(context);
  response.once('close', () => {
    if (told.unanswered !== true && response.writableFinished) return end();
    setTimeout(end, definition.timeoutMs ?? limits.timeoutMs).unref();
  });
}
