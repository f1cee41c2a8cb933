import {
  compileRoutes,
  type CompiledRoute,
  findRoute,
  type MigrationDefinition,
} from '@strangler-toolkit/plan';
import { type Credential, signedRequest } from './credential.ts';
import { type BodyNote, type ExpectedBody, expectedBody } from './expected-body.ts';
import { jsonOf } from './json-values.ts';
import { plainRequest } from './plain-request.ts';
import type { Answer, Recorded, SentBody } from './recorded-answers.ts';
import { sentBody } from './sent-body.ts';
import { type ProposedState, proposedStates } from './states.ts';
import { keptBack } from './to-ask.ts';

export interface Drafted {
  readonly route: string;
  /** Asking for it may change something. */
  readonly write: boolean;
  readonly description: string;
  /** How many answers it was drawn from. */
  readonly answers: number;
  readonly states: readonly ProposedState[];
  /** Of the body: what is not promised and why, and what was guessed. */
  readonly notes: readonly BodyNote[];
}

/** What the traffic of one route was, and what it was not. */
export interface Coverage {
  readonly route: string;
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly gaps: readonly string[];
}

export interface Draft {
  readonly pact: Readonly<Record<string, unknown>>;
  readonly interactions: readonly Drafted[];
  readonly coverage: readonly Coverage[];
}

/** A request of one route, and what it was answered. */
export interface Exchange {
  readonly route: CompiledRoute;
  /** GET unless it is a write. */
  readonly method?: string;
  /** Of a write. */
  readonly sent?: SentBody;
  readonly target: string;
  readonly accept?: string;
  readonly answer: Answer;
  /** Only somebody with the credential gets it. */
  readonly signedIn?: boolean;
}

export const routeName = ({ definition: { method, path } }: CompiledRoute): string =>
  `${method} ${path}`;
const pathOf = (target: string): string => target.split('?')[0] ?? '';

/** The routes of the context, each with its requests of a recording. `only`: `GET /x`, or a route's name. */
export function byRoute(
  definition: MigrationDefinition,
  recorded: readonly Recorded[],
  only?: string,
): ReadonlyMap<CompiledRoute, readonly Recorded[]> {
  const table = compileRoutes([definition]);
  const found = new Map(
    table.routes
      .filter((route) => [undefined, routeName(route), route.definition.name].includes(only))
      .map((route): [CompiledRoute, Recorded[]] => [route, []]),
  );
  for (const each of recorded) {
    const { method, target, accept } = each;
    const rawPath = pathOf(target);
    const lines = { headers: { accept } };
    const claim = findRoute(table, {
      method,
      rawPath,
      host: undefined,
      search: target.slice(rawPath.length),
      lines,
    });
    if (claim.kind === 'claimed') found.get(claim.claim)?.push(each);
  }
  return found;
}

/** What is only looked at: a request that may change something is never repeated unless somebody says so. */
export const isDrafted = ({ definition: { kind, method } }: CompiledRoute): boolean =>
  kind === 'read' && (method === 'GET' || method === 'ANY');

/**
 * A pact (V4) of what was answered: an interaction for each route, status, set of query names and media type.
 * Nothing of it is a value of the recording but paths and queries that are nobody's, and words of an enum, which are told.
 */
export function draftPact({
  provider,
  consumer,
  routes,
  exchanges,
  credential,
  gaps: more = new Map(),
}: {
  readonly provider: string;
  readonly consumer: string;
  readonly routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>;
  readonly exchanges: readonly Exchange[];
  /** Signs in whoever asks for what is answered to that person only. */
  readonly credential?: Credential;
  /** What else the recording lacks. */
  readonly gaps?: ReadonlyMap<CompiledRoute, readonly string[]>;
}): Draft {
  const interactions: { pact: Readonly<Record<string, unknown>>; drafted: Drafted }[] = [];
  const coverage: Coverage[] = [];
  for (const [route, recorded] of routes) {
    const seen = exchanges.filter((exchange) => exchange.route === route);
    const gaps: string[] = [...(more.get(route) ?? [])];
    for (const group of grouped(seen)) {
      const made = interactionOf(route, group, credential);
      if (typeof made === 'string') gaps.push(made);
      else interactions.push(made);
    }
    const { gaps: missing, ...rest } = coverageOf(route, recorded, seen);
    coverage.push({ ...rest, gaps: [...missing, ...gaps] });
  }
  return {
    pact: {
      consumer: { name: consumer },
      provider: { name: provider },
      interactions: interactions.map(({ pact }) => pact),
      metadata: { pactSpecification: { version: '4.0' } },
    },
    interactions: interactions.map(({ drafted }) => drafted),
    coverage,
  };
}

/** What the traffic of a route did not show of its reads. */
export const coverageOf = (
  route: CompiledRoute,
  recorded: readonly Recorded[],
  seen: readonly Exchange[],
): Coverage => ({
  route: routeName(route),
  requests: recorded.length,
  statuses: countBy(seen.map(({ answer }) => String(answer.status))),
  gaps: gapsOf(route, recorded, seen),
});

const somebodys = "what was asked could be a person's, or a secret";

function gapsOf(
  route: CompiledRoute,
  recorded: readonly Recorded[],
  seen: readonly Exchange[],
): string[] {
  if (!isDrafted(route))
    return seen.length > 0 ? [] : ['a write of which no request with its answer is recorded'];
  if (recorded.length === 0) return ['no traffic'];
  const wanted = route.definition.path.includes('/:') ? [200, 404] : [200];
  const kept = keptBack(route.definition.path, recorded);
  return [
    ...(kept > 0 ? [`${kept} requests are not asked again: ${somebodys}`] : []),
    ...wanted
      .filter((status) => !seen.some(({ answer }) => answer.status === status))
      .map((status) => `never answered ${status}`),
  ];
}

const countBy = (keys: readonly string[]): Record<string, number> => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
};

export const mediaType = ({ contentType = '' }: Answer): string =>
  (contentType.split(';')[0] ?? '').trim().toLowerCase();
const queryNames = (target: string): string[] =>
  [...new Set(new URLSearchParams(target.split('?')[1] ?? '').keys())].sort();

function grouped(exchanges: readonly Exchange[]): Exchange[][] {
  const groups = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const { method, answer, target, signedIn = false, sent } = exchange;
    const said = [answer.status, mediaType(answer), queryNames(target), signedIn];
    const key = JSON.stringify([...said, method, sent?.contentType.split(';')[0]]);
    groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  return [...groups.values()];
}

/** The interaction, or why there is none. */
function interactionOf(
  route: CompiledRoute,
  group: readonly Exchange[],
  credential: Credential | undefined,
): { pact: Readonly<Record<string, unknown>>; drafted: Drafted } | string {
  const [first] = group;
  if (first === undefined) return 'nothing was asked';
  const { status } = first.answer;
  const { method = 'GET' } = first;
  const write = !isDrafted(route);
  if (status >= 500) return `${status} is not drafted: nobody relies on it`;
  if (status === 304) return '304 is not drafted: it depends on what the client holds';
  // An example that is made up is wrong in no such way.
  if (write && status >= 400 && ![401, 403, 404].includes(status))
    return `${status} of a write is not drafted: what was wrong with the request is not kept`;
  const sent = write ? sentBody(group.map((exchange) => exchange.sent)) : {};
  if (typeof sent === 'string') return `${status} is not drafted: ${sent}`;
  const asked = group
    .map((exchange) => ({ exchange, plain: plainRequest(exchange.target, route.definition.path) }))
    .find(({ plain }) => plain !== undefined);
  if (asked?.plain === undefined)
    return `${group.length} answers of ${status} are not drafted: ${somebodys}`;
  const { path, query } = asked.plain;
  const names = queryNames(first.target);
  const type = mediaType(first.answer);
  const body = bodyOf(group);
  const signedIn = first.signedIn ? credential : undefined;
  const states = [
    ...(signedIn ? [{ name: `signed in as ${signedIn.who}`, params: {} }] : []),
    ...proposedStates({
      template: route.definition.path,
      path,
      status,
      filled: Object.values(body?.rules ?? {}).some(({ matchers }) => matchers[0]?.min === 1),
    }),
  ];
  const description =
    `${method} ${route.definition.path}${names.length > 0 ? `?${names.join('&')}` : ''}` +
    (sent.contentType === undefined ? '' : ` of ${sent.contentType}`) +
    ` answers ${status}` +
    (type === '' ? '' : ` with ${type}`) +
    (signedIn ? ` to ${signedIn.who}` : '');
  const { accept } = asked.exchange;
  const signed = signedIn && signedRequest(signedIn);
  return {
    pact: {
      type: 'Synchronous/HTTP',
      description,
      pending: false,
      ...(states.length > 0 && { providerStates: states }),
      request: {
        method,
        path,
        ...(names.length > 0 && { query }),
        ...signed,
        ...((signed || sent.rules) && {
          matchingRules: { ...signed?.matchingRules, ...(sent.rules && { body: sent.rules }) },
        }),
        ...((accept !== undefined || signed || sent.contentType !== undefined) && {
          headers: {
            ...(accept !== undefined && { Accept: [accept] }),
            ...(sent.contentType !== undefined && { 'Content-Type': [sent.contentType] }),
            ...signed?.headers,
          },
        }),
        ...(sent.body && { body: sent.body }),
      },
      response: responseOf(group, body),
    },
    drafted: {
      route: routeName(route),
      write,
      description,
      answers: group.length,
      states,
      notes: [...(sent.notes ?? []), ...(body?.notes ?? [])],
    },
  };
}

function bodyOf(group: readonly Exchange[]): ExpectedBody | undefined {
  if (!/[/+]json$/.test(group[0] ? mediaType(group[0].answer) : '')) return undefined;
  // The same answer twice says nothing more: only different ones show what is few-valued.
  const texts = [...new Set(group.map(({ answer }) => answer.body ?? ''))];
  const bodies = texts.map(jsonOf);
  const read = bodies.filter((body) => body !== undefined);
  return read.length === bodies.length ? expectedBody(read) : undefined;
}

function responseOf(
  group: readonly Exchange[],
  body: ExpectedBody | undefined,
): Readonly<Record<string, unknown>> {
  const { status } = group[0]?.answer ?? { status: 200 };
  const types = new Set(group.map(({ answer }) => answer.contentType));
  const [contentType] = types;
  const redirects = group.every(({ answer }) => answer.location !== undefined);
  const headers = {
    // With several charsets, none is promised.
    ...(types.size === 1 && contentType !== undefined && { 'Content-Type': [contentType] }),
    ...(redirects && { Location: ['/elsewhere'] }),
  };
  const rules = {
    ...(redirects && {
      header: { Location: { combine: 'AND', matchers: [{ match: 'regex', regex: '.+' }] } },
    }),
    ...(body && { body: body.rules }),
  };
  return {
    status,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(body && {
      body: {
        content: body.example,
        contentType: group[0] ? mediaType(group[0].answer) : '',
        encoded: false,
      },
    }),
    ...(Object.keys(rules).length > 0 && { matchingRules: rules }),
  };
}
