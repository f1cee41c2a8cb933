import type { Passage } from './passage.ts';
import { welcomeBody } from './passage.ts';
import { serveOwnedWrite } from './serve-owned-write.ts';
import { serveSteered } from './serve-steered.ts';
import { serveUnclaimed } from './serve-unclaimed.ts';
import type { Serving } from './serving.ts';

/** Writes of a replicated context follow their owner, everything else that is claimed follows flags, the rest passes. */
export function serve(serving: Serving, passage: Passage): Promise<void> {
  const { claim } = passage.arrival;
  if (claim?.route.definition.kind === 'write') {
    const { dataKind } = serving.ownership.states.get(claim.route.context);
    if (dataKind === 'replicated') return serveOwnedWrite(serving, passage, claim);
  }
  welcomeBody(passage);
  return claim ? serveSteered(serving, passage, claim) : serveUnclaimed(serving, passage);
}
