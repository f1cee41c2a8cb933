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
    keptAnswersEnd(serving, passage, claim.route.context);
    const { dataKind } = serving.ownership.states.get(claim.route.context);
    if (dataKind === 'replicated') return serveOwnedWrite(serving, passage, { claims: [claim] });
  }
  welcomeBody(passage);
  return claim ? serveSteered(serving, passage, claim) : serveUnclaimed(serving, passage);
}

/** What is kept of a context's answers was true before this write. */
export function keptAnswersEnd({ cache }: Serving, { response }: Passage, context: string): void {
  if (cache && !response.destroyed) response.once('close', cache.write(context));
}
