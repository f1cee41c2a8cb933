import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import { headersObject } from '../proxy/raw-headers.ts';
import type { PinMove } from '../ownership/pin-writer.ts';
import type { ContextPlan } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';

/** What an answer changes about a context's pins: undefined for nearly all of them. */
function moveOf(
  plan: ContextPlan,
  { arrival }: Pick<Passage, 'arrival'>,
  headers: IncomingHttpHeaders,
): PinMove | undefined {
  const { given, users, ended } = plan.identity.inAnswer(headers);
  if (given.length === 0 && users.length === 0 && !ended) return undefined;
  const shown = plan.identity.all(arrival);
  const known = plan.aliases.of(shown);
  let news = false;
  for (const one of shown) news = plan.aliases.learn(one, [...given, ...users]) || news;
  for (const one of given) news = plan.aliases.learn(one, users) || news;
  const from = [...new Set([...known, ...users])];
  // a session that is over: what its owner comes back with is anybody's guess, so everybody is pinned as its owner was
  const to = [
    ...(news ? [...given, ...users, ...shown] : []),
    ...(ended && shown.length > 0 ? ['*'] : []),
  ];
  return from.length === 0 || to.length === 0 ? undefined : { context: plan.name, from, to };
}

function tells(names: ReadonlySet<string>, rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (names.has((rawHeaders[index] ?? '').toLowerCase())) return true;
  return false;
}

type Followed = Pick<Serving, 'ownership' | 'claims' | 'metrics'>;

/**
 * An answer that gives its client another identity (a login, a new token, a logout) carries pins along, before the client has
 * it: also on paths that no context claims. Otherwise somebody who wrote a moment ago would read behind the own write.
 * Undefined: nearly all answers say nothing of the kind, and there is nothing to wait for.
 */
export function followIdentity(
  serving: Followed,
  passage: Pick<Passage, 'arrival'>,
  answer: Pick<UpstreamAnswer, 'rawHeaders' | 'said'>,
): Promise<void> | undefined {
  const rawHeaders = answer.said ?? answer.rawHeaders;
  const { ownership, claims } = serving;
  if (!ownership.link || !tells(claims.answerHeaders, rawHeaders)) return undefined;
  const headers = headersObject(rawHeaders);
  const moves: PinMove[] = [];
  for (const plan of claims.plans) {
    const { dataKind, stage } = ownership.states.get(plan.name);
    if (dataKind !== 'replicated' || stage === 'monolith' || stage === 'retired') continue;
    const move = moveOf(plan, passage, headers);
    if (move) moves.push(move);
  }
  return moves.length === 0 ? undefined : carry(serving, moves);
}

async function carry({ ownership, metrics }: Followed, moves: readonly PinMove[]): Promise<void> {
  const carried = await ownership.carryPins(moves);
  for (const { context } of moves)
    metrics.pins.inc({ context, outcome: carried ? 'carried' : 'lost' });
}
