import { atTheDoor } from '../edge/door.ts';
import { boundBody } from '../edge/bound-body.ts';
import { corsHeaders } from '../edge/cors.ts';
import type { Duties } from '../edge/duties.ts';
import { sendProblem } from '../proxy/problem.ts';
import type { Arrival } from '../admission/arrival.ts';
import { askedOf } from './asked-of.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';

type Then = (serving: Serving, passage: Passage) => Promise<void>;

/** Of what claims a request, and of `more` that it is for as well: each once. Nearly always none. */
export function dutiesOf(
  { unclaimedDuties }: Serving,
  { claim }: Pick<Arrival, 'claim'>,
  more: readonly Claim[] = [],
): readonly Duties[] {
  const own = claim ? claim.duties : unclaimedDuties;
  if (more.length === 0) return own === undefined ? none : [own];
  return [...new Set([own, ...more.map(({ duties }) => duties)])].filter(
    (duties) => duties !== undefined,
  );
}
const none: readonly Duties[] = [];

/** As far as the duties at the edge let it. */
export function letIn(
  serving: Serving,
  passage: Passage,
  more: readonly Claim[],
  then: Then,
): Promise<void> {
  const duties = dutiesOf(serving, passage.arrival, more);
  return duties.length === 0 ? then(serving, passage) : through(serving, passage, duties, then);
}

async function through(
  serving: Serving,
  passage: Passage,
  [first, ...rest]: readonly Duties[],
  then: Then,
): Promise<void> {
  if (!first) return then(serving, passage);
  const { arrival, response, told } = passage;
  const { maxBody, cors } = first;
  // refusals too: a page could not read why
  if (cors)
    for (const [name, value] of corsHeaders(cors, arrival.headers.origin))
      response.setHeader(name, value);
  // before anything is waited for: a body that flows already could not be counted
  if (maxBody !== undefined && !boundBody(serving, passage, maxBody)) return;
  const verdict = await atTheDoor(first, askedOf(serving, arrival));
  if (verdict.kind === 'let-in') {
    for (const [name, value] of verdict.headers) response.setHeader(name, value);
    return through(serving, { ...passage, letIn: verdict }, rest, then);
  }
  const { code } = verdict.problem;
  serving.metrics.rejected.inc({ code });
  told.reason = code.toLowerCase().replaceAll('_', '-');
  told.unasked = true;
  sendProblem(response, { ...verdict.problem, requestId: arrival.trace.requestId });
}
