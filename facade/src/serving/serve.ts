import { atTheDoor } from '../edge/door.ts';
import { answerPreflight } from '../edge/answer-preflight.ts';
import { corsHeaders } from '../edge/cors.ts';
import { boundBody } from '../edge/bound-body.ts';
import type { Duties } from '../edge/duties.ts';
import { sendProblem } from '../proxy/problem.ts';
import type { Passage } from './passage.ts';
import { welcomeBody } from './passage.ts';
import { serveOwnedWrite } from './serve-owned-write.ts';
import { serveSteered } from './serve-steered.ts';
import { serveUnclaimed } from './serve-unclaimed.ts';
import type { Serving } from './serving.ts';

/** Writes of a replicated context follow their owner, everything else that is claimed follows flags, the rest passes. */
export function serve(serving: Serving, passage: Passage): Promise<void> {
  if (serving.answersPreflights && answerPreflight(serving, passage)) return Promise.resolve();
  const { claim } = passage.arrival;
  const duties = claim ? claim.duties : serving.unclaimedDuties;
  return duties === undefined
    ? serveAdmitted(serving, passage)
    : serveLetIn(serving, passage, duties);
}

function serveAdmitted(serving: Serving, passage: Passage): Promise<void> {
  const { claim } = passage.arrival;
  if (claim?.route.definition.kind === 'write') {
    if (serving.cache && !passage.response.destroyed)
      passage.response.once('close', serving.cache.write(claim.route.context));
    const { dataKind } = serving.ownership.states.get(claim.route.context);
    if (dataKind === 'replicated') return serveOwnedWrite(serving, passage, claim);
  }
  welcomeBody(passage);
  return claim ? serveSteered(serving, passage, claim) : serveUnclaimed(serving, passage);
}

/** Of what has duties at the edge: as far as they let it. */
async function serveLetIn(serving: Serving, passage: Passage, duties: Duties): Promise<void> {
  const { arrival, response, told } = passage;
  const { maxBody, cors } = duties;
  // refusals too: a page could not read why
  if (cors)
    for (const [name, value] of corsHeaders(cors, arrival.headers.origin))
      response.setHeader(name, value);
  // before anything is waited for: a body that flows already could not be counted
  if (maxBody !== undefined && !boundBody(serving, passage, maxBody)) return;
  const letIn = await atTheDoor(duties, arrival.request);
  if (letIn.kind === 'let-in') return serveAdmitted(serving, { ...passage, letIn });
  const { code } = letIn.problem;
  serving.metrics.rejected.inc({ code });
  told.reason = code.toLowerCase().replaceAll('_', '-');
  told.unasked = true;
  sendProblem(response, { ...letIn.problem, requestId: arrival.trace.requestId });
}
