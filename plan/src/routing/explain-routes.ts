import { type Asking, whatIsAsked } from './asked.ts';
import { conditionText, moreConditions } from './conditions.ts';
import { findRoute } from './find-route.ts';
import { methodOverride } from './method-override.ts';
import { operationText } from './operations.ts';
import { readingsOf } from './path-readings.ts';
import { readTarget } from './request-target.ts';
import {
  type CompiledRoute,
  operationMethods,
  type RouteTable,
  type Segment,
  segmentsOf,
  unmet,
  width,
} from './route-table.ts';
import { type ValueReading, valueReadings } from './value-readings.ts';

/** A route that a request is not served by. */
export interface OtherRoute {
  readonly route: CompiledRoute;
  readonly because: string;
  /** Its path is that of the request. */
  readonly pathFits: boolean;
  /** How many segments fit, from the left. */
  readonly shared: number;
}

/** What the facade makes of a request, and why. */
export interface RoutesExplained {
  readonly verdict: 'claimed' | 'unclaimed' | 'refused';
  /** Of what is refused. */
  readonly because?: string;
  /** Undefined where the target has no path. */
  readonly canonical: string | undefined;
  /** What the upstream is asked; undefined where none is. */
  readonly target: string | undefined;
  /** A method that the application may take instead. */
  readonly override: string | undefined;
  /** At a path with GraphQL routes it has `operations`: which of them claims the request, what it asks for says. */
  readonly claim: CompiledRoute | undefined;
  /** Who has what no GraphQL route of its path claims. */
  readonly beside: CompiledRoute | undefined;
  /** Other ways in which servers read the path, and what they would make of it. */
  readonly readings: readonly {
    readonly path: string;
    readonly because: string;
    readonly claim: CompiledRoute | undefined;
  }[];
  /** Every other route, those that fit best first. */
  readonly others: readonly OtherRoute[];
}

/** What clients must encode: Node's parser refuses it before anybody looks at the path. */
const unprintable = /[^!-~]/;
const widths = ['a fixed segment', 'a parameter', 'a path that ends', 'the end of a prefix'];

/** The first place where a path is another one than the route's. */
function pathMiss(
  segments: readonly Segment[],
  parts: readonly string[],
): { readonly shared: number; readonly because?: string } {
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (segment.kind === 'rest') return { shared: index };
    const wanted = segment.kind === 'static' ? `"${segment.text}"` : `:${segment.name}`;
    if (part === undefined) return { shared: index, because: `the path ends before ${wanted}` };
    if (segment.kind === 'param' ? part === '' : part !== segment.text)
      return { shared: index, because: `"${part}" is not ${wanted}` };
  }
  const more = parts.slice(segments.length);
  return more.length === 0
    ? { shared: segments.length }
    : { shared: segments.length, because: `the path goes on with "/${more.join('/')}"` };
}

const serves = (route: CompiledRoute, method: string): boolean => {
  const own = route.definition.method;
  if (route.definition.graphql) return operationMethods.includes(method);
  return own === method || own === 'ANY' || (own === 'GET' && method === 'HEAD');
};

/** Why the winner comes before another route that fits as well. */
function narrower(winner: CompiledRoute, other: CompiledRoute): string {
  const length = Math.max(winner.segments.length, other.segments.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [width(winner.segments[index]), width(other.segments[index])];
    if (left !== right) return `${widths[left]} beats ${widths[right]}`;
  }
  if (other.definition.method === 'ANY' && winner.definition.method !== 'ANY')
    return 'a method that is named beats ANY';
  if (moreConditions(winner.conditions, other.conditions) < 0)
    return 'it asks for less of the request';
  return winner.definition.method === 'HEAD'
    ? 'a HEAD route beats the GET route'
    : 'it may be either method, and the stricter route counts';
}

/**
 * Whose route a request is, as the facade finds it, with what speaks against every other route.
 *
 * @example
 * ```ts
 * import { compileRoutes, explainRoutes } from '@strangler-toolkit/plan';
 * import { loadContexts } from '@strangler-toolkit/plan/load';
 *
 * const contexts = [...(await loadContexts('contexts')).values()];
 * const table = compileRoutes(contexts.map(({ definition }) => definition));
 * const { verdict, others } = explainRoutes(table, { method: 'GET', url: '/api/x', headers: {} });
 * console.log(verdict, others.map(({ because }) => because));
 * ```
 */
export function explainRoutes(table: RouteTable, asking: Asking): RoutesExplained {
  const { method = 'GET', url = '', headers } = asking;
  const nothing = {
    canonical: undefined,
    target: undefined,
    override: undefined,
  };
  const refused = (because: string): RoutesExplained => ({
    ...nothing,
    verdict: 'refused',
    because,
    claim: undefined,
    beside: undefined,
    readings: [],
    others: [],
  });
  if (unprintable.test(url))
    return refused('the request target has a character that clients must encode');
  const target = readTarget(method, url);
  if (target.form === 'faulty') return refused(target.reason);
  if (target.form === 'asterisk')
    return { ...refused(''), verdict: 'unclaimed', canonical: '*', target: '*' };
  const override = methodOverride({ headers, search: target.search });
  let values: readonly ValueReading[] = [];
  const asked = whatIsAsked((question) => {
    values = valueReadings(table.asked, question);
    return findRoute(table, question);
  }, asking);
  const read = values[0]?.read;
  const match = (path: string): CompiledRoute | undefined =>
    table.match(method, path, override, read);
  const { canonical, others } = readingsOf(target.path);
  const winner = match(canonical);
  const claim = 'found' in asked && asked.found.kind === 'claimed' ? asked.found.claim : undefined;
  const parts = segmentsOf(canonical);
  const methods = override === undefined ? [method] : [override, method];
  const judge = (route: CompiledRoute): OtherRoute => {
    const { shared, because } = pathMiss(route.segments, parts);
    const pathFits = because === undefined;
    if (!pathFits) return { route, because, pathFits, shared };
    if (!methods.some((wanted) => serves(route, wanted)))
      return { route, because: `it is for ${route.definition.method}`, pathFits, shared };
    const missed = unmet(route, read);
    if (missed) return { route, because: `it is for ${conditionText(missed)}`, pathFits, shared };
    const [operations] = operationText(route.definition);
    if (operations !== undefined && (winner === undefined || winner.operations))
      return { route, because: `it is for ${operations}`, pathFits, shared };
    return { route, because: winner ? narrower(winner, route) : '', pathFits, shared };
  };
  const isWinner = (route: CompiledRoute): boolean =>
    winner === route || winner === table.asWrites.get(route);
  return {
    verdict: 'refused' in asked ? 'refused' : asked.found.kind,
    ...('refused' in asked && { because: asked.refused }),
    canonical,
    target: 'refused' in asked ? undefined : asked.target,
    override,
    claim,
    beside: claim?.operations && table.matchBeside(method, canonical, override, read),
    readings: others
      .filter(({ path }, index) => others.findIndex((one) => one.path === path) === index)
      .map((other) => ({ ...other, claim: match(other.path) })),
    others: table.routes
      .filter((route) => !isWinner(route))
      .map(judge)
      .toSorted((a, b) => Number(b.pathFits) - Number(a.pathFits) || b.shared - a.shared),
  };
}
