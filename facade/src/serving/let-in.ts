import { atTheDoor, type CountedBefore } from '../edge/door.ts';
import { boundBody } from '../edge/bound-body.ts';
import { corsHeaders, type CorsRule, whatAllGrant } from '../edge/cors.ts';
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

/** Whose pages may read the answer; undefined: its upstream says so. */
export function corsOf(
  { unclaimedDuties }: Pick<Serving, 'unclaimedDuties'>,
  { claim }: Pick<Arrival, 'claim'>,
  more: readonly Claim[] = [],
): CorsRule | undefined {
  const rules = more.map(({ duties }) => duties?.cors);
  if (claim) return whatAllGrant([claim.duties?.cors, ...rules]);
  const unclaimed = unclaimedDuties?.cors;
  return whatAllGrant(unclaimed || more.length === 0 ? [unclaimed, ...rules] : rules);
}

/** As far as the duties at the edge let it. */
export function letIn(
  serving: Serving,
  passage: Passage,
  more: readonly Claim[],
  then: Then,
): Promise<void> {
  const duties = dutiesOf(serving, passage.arrival, more);
  if (duties.length === 0) return then(serving, passage);
  const cors = corsOf(serving, passage.arrival, more);
  // refusals too: a page could not read why
  if (cors)
    for (const [name, value] of corsHeaders(cors, passage.arrival.headers.origin))
      passage.response.setHeader(name, value);
  const counted: CountedBefore = new Map();
  return through(serving, { ...passage, cors }, { duties, counted, then });
}

interface Door {
  readonly duties: readonly Duties[];
  readonly counted: CountedBefore;
  readonly then: Then;
}

async function through(serving: Serving, passage: Passage, door: Door): Promise<void> {
  const { counted, then } = door;
  const [first, ...duties] = door.duties;
  if (!first) return then(serving, passage);
  const { arrival, response, told } = passage;
  const { maxBody } = first;
  // before anything is waited for: a body that flows already could not be counted
  if (maxBody !== undefined && !boundBody(serving, passage, maxBody)) return;
  const verdict = await atTheDoor(first, askedOf(serving, arrival), counted);
  if (verdict.kind === 'let-in') {
    for (const [name, value] of verdict.headers) response.setHeader(name, value);
    return through(serving, { ...passage, letIn: verdict }, { duties, counted, then });
  }
  const { code } = verdict.problem;
  serving.metrics.rejected.inc({ code });
  told.reason = code.toLowerCase().replaceAll('_', '-');
  told.unasked = true;
  sendProblem(response, { ...verdict.problem, requestId: arrival.trace.requestId });
}
