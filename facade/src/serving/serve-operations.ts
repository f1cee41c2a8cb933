import {
  homeOf,
  methodOverride,
  type Side,
  type Understood,
  whoseOperations,
} from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';
import { corsHeaders } from '../edge/cors.ts';
import { understand } from '../graphql/understand.ts';
import { type Problem, sendProblem } from '../proxy/problem.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import { leaveToOthers, passAsItCame } from './leave-to-others.ts';
import { letIn } from './let-in.ts';
import { keptAnswersEnd, serveClaimed } from './serve-claimed.ts';
import { serveOwnedWrite } from './serve-owned-write.ts';
import type { Serving } from './serving.ts';
import { takeBody } from './take-body.ts';

/** What is known of a request at a path with GraphQL routes, with its body. */
async function look(
  { limits, documents }: Serving,
  incoming: Passage,
): Promise<{ readonly passage: Passage; readonly understood: Understood } | undefined> {
  const { arrival } = incoming;
  const { method, search, headers, request } = arrival;
  const unreadable = (because: string): Understood => ({ kind: 'unreadable', because });
  if (methodOverride({ headers, search }) !== undefined)
    return { passage: incoming, understood: unreadable('it asks for another method') };
  const { graphqlBodyBytes: most, timeoutMs: withinMs } = limits;
  const taken = await takeBody(incoming, { most, withinMs });
  if (!taken) return undefined;
  const { passage, left } = taken;
  if (left !== undefined) return { passage, understood: unreadable(left) };
  const { body } = passage;
  const contentTypes = request.headersDistinct['content-type'] ?? [];
  const understood = understand(documents, { method, search, headers, contentTypes, body });
  return { passage, understood };
}

/** By context. While an owner may be changing, the control database is asked. */
async function homesOf(
  { ownership }: Serving,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, Side>> {
  const homes = new Map<string, Side>();
  for (const context of new Set(claims.map(({ route }) => route.context))) {
    const view = ownership.states.get(context);
    homes.set(context, homeOf(view));
    if (view.dataKind !== 'replicated' || ownership.states.holding(context) === undefined) continue;
    const told = await ownership.freshness(context, []);
    if (told.known && told.owner && told.epoch > view.epoch) homes.set(context, told.owner);
  }
  return homes;
}

const refused: NonNullable<Arrival['asks']> = { changes: false, unclaimed: false };

function refuse(
  { metrics, log }: Serving,
  { arrival, response, told }: Passage,
  problem: Problem,
): void {
  arrival.asks = refused;
  const { method, path, trace } = arrival;
  const { status, code, detail } = problem;
  const { requestId, traceId } = trace;
  metrics.rejected.inc({ code });
  told.reason = 'refused';
  told.unasked = true;
  log.info({ method, path, status, code, reason: detail, traceId, requestId }, 'request refused');
  sendProblem(response, { ...problem, requestId, asGraphQl: true });
}

/** As Apollo's protocol has it: a client that reads this sends its document along with the hash. */
function askForDocument({ metrics }: Serving, { arrival, response, told }: Passage): void {
  const code = 'PERSISTED_QUERY_NOT_FOUND';
  arrival.asks = refused;
  metrics.rejected.inc({ code });
  told.reason = 'refused';
  told.unasked = true;
  const errors = [{ message: 'PersistedQueryNotFound', extensions: { code } }];
  const body = JSON.stringify({ errors });
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'private, no-cache, must-revalidate',
    'x-request-id': arrival.trace.requestId,
  });
  response.end(body);
}

/** One request of GraphQL: what it asks for says whose it is. */
export async function serveOperations(
  serving: Serving,
  incoming: Passage,
  claims: readonly Claim[],
): Promise<void> {
  const { arrival } = incoming;
  const beside = leaveToOthers(serving.claims, arrival);
  const looked = await look(serving, incoming);
  if (!looked) return;
  const { passage, understood } = looked;
  const all = beside ? [...claims, beside] : claims;
  const homes = await homesOf(serving, all);
  const claimOf = new Map(all.map((claim) => [claim.route, claim]));
  const whose = whoseOperations({
    routes: claims.map(({ route }) => route),
    beside: beside?.route,
    understood,
    homeOf: (context) => homes.get(context) ?? 'monolith',
  });
  const refuses = !['nobody', 'one', 'monolith'].includes(whose.kind);
  const cors = refuses && claims.find(({ duties }) => duties?.cors)?.duties?.cors;
  // a page could not read why
  if (cors)
    for (const [name, value] of corsHeaders(cors, arrival.headers.origin))
      incoming.response.setHeader(name, value);
  switch (whose.kind) {
    case 'nobody':
      arrival.asks = { changes: whose.changes, unclaimed: true };
      return letIn(serving, passage, [], serveClaimed);
    case 'one': {
      const also = whose.also.flatMap((route) => claimOf.get(route) ?? []);
      arrival.claim = together(claimOf.get(whose.route), also, whose.atOwner);
      return letIn(serving, passage, also, serveClaimed);
    }
    case 'monolith': {
      passAsItCame(arrival);
      arrival.asks = { changes: whose.changes, unclaimed: false };
      const touched = whose.routes.flatMap((route) => claimOf.get(route) ?? []);
      return letIn(serving, passage, touched, (_, allowed) =>
        serveShared(serving, allowed, whose.changes ? touched : []),
      );
    }
    case 'unknown-document':
      return askForDocument(serving, passage);
    case 'two-owners':
      return refuse(serving, passage, {
        status: 409,
        code: 'GRAPHQL_TWO_OWNERS',
        detail:
          `The request asks for what belongs to ${whose.who.join(' and ')}, which have different ` +
          'owners by now. Ask for each in an operation of its own.',
      });
    case 'unreadable':
      return refuse(serving, passage, {
        status: 400,
        code: 'GRAPHQL_UNREADABLE',
        detail: `Refused: ${whose.because}, so that two servers could differ in whose operation it is.`,
      });
  }
}

/** What the monolith has all of, as somebody who may write it. */
function serveShared(serving: Serving, passage: Passage, touched: readonly Claim[]): Promise<void> {
  const writes = touched.filter(({ route }) => route.definition.kind === 'write');
  const byContext = new Map(writes.map((claim) => [claim.route.context, claim]));
  for (const { route } of byContext.values()) keptAnswersEnd(serving, passage, route);
  const [first, ...more] = [...byContext.values()].filter(
    ({ route }) => serving.ownership.states.get(route.context).dataKind === 'replicated',
  );
  if (!first) return serveClaimed(serving, passage);
  return serveOwnedWrite(serving, passage, { claims: [first, ...more], atMonolith: true });
}

function together(
  claim: Claim | undefined,
  also: readonly Claim[],
  atOwner: boolean,
): Claim | undefined {
  const ceilings = new Set([claim, ...also].flatMap((one) => one?.ceilings ?? []));
  return claim && { ...claim, also, atOwner, ceilings: [...ceilings] };
}
