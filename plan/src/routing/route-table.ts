import { StranglerError } from '../errors.ts';
import type { MigrationDefinition, RouteDefinition } from '../migration.ts';
import {
  type Condition,
  conditionsOf,
  conditionsOverlap,
  conditionText,
  moreConditions,
  sameName,
  settles,
} from './conditions.ts';
import { operationText, refuseSameOperations } from './operations.ts';
import type { ReadValue } from './value-readings.ts';

export interface CompiledRoute {
  readonly context: string;
  readonly definition: RouteDefinition;
  readonly segments: readonly Segment[];
  readonly conditions: readonly Condition[];
  /**
   * Of what a path with GraphQL routes is matched by: all of them. Which one a request is for, its operation says; until then it
   * is nobody's.
   */
  readonly operations?: readonly CompiledRoute[];
}
export type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  /** The end of a prefix: any number of further segments, also none. */
  | { readonly kind: 'rest' };

export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
  /** Each route as a write: what is matched where a request may be another method than it says. */
  readonly asWrites: ReadonlyMap<CompiledRoute, CompiledRoute>;
  /** What conditions ask for; empty where no route has one. */
  readonly asked: readonly Pick<Condition, 'of' | 'name'>[];
  /**
   * For a canonical path. `override`: a method that the application may take instead; what could be a write is claimed as one.
   * `read`: the values that conditions ask for; without it no route that has conditions fits.
   */
  match(
    method: string,
    path: string,
    override?: string,
    read?: ReadValue,
  ): CompiledRoute | undefined;
  /** The same without GraphQL routes: who claims an operation that none of them does. */
  matchBeside: RouteTable['match'];
}

/** A trailing slash never makes another route: most frameworks serve both spellings, and a write must not slip past by one. */
export const segmentsOf = (path: string): string[] => {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed === '/' ? [] : trimmed.slice(1).split('/');
};

const segmentOf = (text: string): Segment => {
  if (text === '**') return { kind: 'rest' };
  return text.startsWith(':') ? { kind: 'param', name: text.slice(1) } : { kind: 'static', text };
};
const compile = (context: string, definition: RouteDefinition): CompiledRoute => ({
  context,
  definition,
  segments: segmentsOf(definition.path).map(segmentOf),
  conditions: conditionsOf(definition),
});

const isPrefix = ({ segments }: CompiledRoute): boolean => segments.at(-1)?.kind === 'rest';
const fixedLength = (route: CompiledRoute): number =>
  isPrefix(route) ? route.segments.length - 1 : route.segments.length;

const fits = (route: CompiledRoute, parts: readonly string[]): boolean =>
  route.segments.every((segment, index) => {
    if (segment.kind === 'rest') return true;
    return segment.kind === 'static' ? segment.text === parts[index] : parts[index] !== '';
  });

/** The first condition that a request does not meet. */
export const unmet = (
  { conditions }: CompiledRoute,
  read: ReadValue | undefined,
): Condition | undefined =>
  conditions.find((condition) => {
    const value = read?.(condition);
    return value === undefined || !condition.values.includes(value);
  });

/** How narrow a segment is; a path that ends is narrower than a prefix that goes on. */
export const width = (segment: Segment | undefined): number =>
  segment === undefined ? 2 : { static: 0, param: 1, rest: 3 }[segment.kind];

/**
 * From the left: a fixed segment beats a parameter, a parameter beats the end of a prefix; then a method beats ANY; then whoever
 * asks for more of the request.
 */
function moreSpecific(a: CompiledRoute, b: CompiledRoute): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const wider = width(a.segments[index]) - width(b.segments[index]);
    if (wider !== 0) return wider;
  }
  return (
    Number(a.definition.method === 'ANY') - Number(b.definition.method === 'ANY') ||
    moreConditions(a.conditions, b.conditions)
  );
}

type Overlap = 'none' | 'same' | 'ordered' | 'ambiguous';
function overlap(a: CompiledRoute, b: CompiledRoute): Overlap {
  let aNarrower = false;
  let bNarrower = false;
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const left = a.segments[index];
    const right = b.segments[index];
    if (left?.kind === 'rest' || right?.kind === 'rest') {
      if (left?.kind !== 'rest') aNarrower = true;
      if (right?.kind !== 'rest') bNarrower = true;
      break;
    }
    if (!left || !right) return 'none';
    if (left.kind === 'static' && right.kind === 'static') {
      if (left.text !== right.text) return 'none';
    } else if (left.kind === 'static') aNarrower = true;
    else if (right.kind === 'static') bNarrower = true;
  }
  if (aNarrower && bNarrower) return 'ambiguous';
  return aNarrower || bNarrower ? 'ordered' : 'same';
}

/** GraphQL over HTTP asks by POST and GET; servers answer HEAD like GET, and QUERY like POST. */
export const operationMethods: readonly string[] = ['POST', 'GET', 'HEAD', 'QUERY'];
const serves = ({ operations, definition }: CompiledRoute, method: string): boolean =>
  operations ? operationMethods.includes(method) : definition.method === method;
const methodsOf = ({ operations, definition }: CompiledRoute): readonly string[] =>
  operations ? operationMethods : [definition.method];

/** ANY leaves to others what they name. */
function methodsOverlap(a: CompiledRoute, b: CompiledRoute): Overlap {
  const [left, right] = [a.definition.method, b.definition.method];
  if (methodsOf(a).some((method) => methodsOf(b).includes(method))) return 'same';
  return left === 'ANY' || right === 'ANY' ? 'ordered' : 'none';
}

/** What a route asks of a request besides method and path, in the words of a table or message. */
export const askedText = ({
  definition,
  conditions,
}: Pick<CompiledRoute, 'definition' | 'conditions'>): readonly string[] => [
  ...conditions.map(conditionText),
  ...operationText(definition),
];
const shown = (route: CompiledRoute): string => {
  const { context, definition } = route;
  const { method, path, name } = definition;
  return `${context}.${name} (${[`${method} ${path}`, ...askedText(route)].join(', ')})`;
};

/** GraphQL routes by what is matched before their operations are: path and conditions. */
function endpointsOf(routes: readonly CompiledRoute[]): readonly CompiledRoute[] {
  const groups: CompiledRoute[][] = [];
  for (const route of routes) {
    const group = groups.find(
      ([first]) =>
        first !== undefined &&
        overlap(first, route) === 'same' &&
        conditionsOverlap(first.conditions, route.conditions) === 'same',
    );
    if (group) group.push(route);
    else groups.push([route]);
  }
  return groups.flatMap((operations) => {
    refuseSameOperations(operations, shown);
    return operations.slice(0, 1).map((first) => ({ ...first, operations }));
  });
}

function refuseConflicts(routes: readonly CompiledRoute[]): void {
  for (const [index, a] of routes.entries()) {
    for (const b of routes.slice(index + 1)) {
      const methods = methodsOverlap(a, b);
      if (methods === 'none') continue;
      const conditions = conditionsOverlap(a.conditions, b.conditions);
      if (conditions === 'none') continue;
      const paths = overlap(a, b);
      const alike = paths === 'same' && methods === 'same';
      const settled = (third: CompiledRoute): boolean =>
        overlap(a, third) === 'same' &&
        methodsOverlap(a, third) === 'same' &&
        settles(third.conditions, a.conditions, b.conditions);
      const same =
        alike && (conditions === 'same' || (conditions === 'ambiguous' && !routes.some(settled)));
      if (same || (paths === 'ambiguous' && a.context !== b.context)) {
        throw new StranglerError(
          'CONFIG_INVALID',
          `Routes ${shown(a)} and ${shown(b)} claim the same requests`,
          {
            remedy:
              conditions === 'ambiguous'
                ? 'Some requests meet the conditions of both: add a route for these, ' +
                  'or give both a condition of one name with other values.'
                : 'Give one of them another path, or leave it out of its context file.',
          },
        );
      }
    }
  }
}

/**
 * Routes by method and canonical path. A fixed segment beats a parameter, from the left, and a whole path beats a prefix; a GET
 * route serves HEAD unless a HEAD route is declared, ANY what no other route of the path names; two contexts that claim one
 * request are refused. Of routes of one path and method, those that ask for more of the request come first. GraphQL routes of one
 * path are matched as one, see `CompiledRoute.operations`.
 * @throws StranglerError CONFIG_INVALID
 *
 * @example
 * ```ts
 * import { compileRoutes, findClaim } from '@strangler-toolkit/plan';
 * import { loadContexts } from '@strangler-toolkit/plan/load';
 *
 * const contexts = [...(await loadContexts('contexts')).values()];
 * const table = compileRoutes(contexts.map(({ definition }) => definition));
 * const found = findClaim((path) => table.match('GET', path), '/api//products');
 * if (found.kind === 'claimed') console.log(found.claim.context, found.claim.definition.name);
 * ```
 */
export function compileRoutes(definitions: Iterable<MigrationDefinition>): RouteTable {
  const routes = [...definitions].flatMap((definition) =>
    definition.routes.map((route) => compile(definition.context, route)),
  );
  const plain = routes.filter(({ definition }) => definition.graphql === undefined);
  const endpoints = endpointsOf(routes.filter((route) => !plain.includes(route)));
  const matched = [...plain, ...endpoints];
  refuseConflicts(matched);
  const asWrites = new Map(
    [...routes, ...endpoints].map((route): [CompiledRoute, CompiledRoute] => [
      route,
      { ...route, definition: { ...route.definition, kind: 'write' } },
    ]),
  );
  const conditions = routes.flatMap((route) => route.conditions);
  const asked = conditions.filter(
    (condition, index) => conditions.findIndex((other) => sameName(other, condition)) === index,
  );
  return {
    routes,
    asWrites,
    asked,
    match: matcherOf(matched, asWrites),
    matchBeside: matcherOf(plain, asWrites),
  };
}

function matcherOf(
  routes: readonly CompiledRoute[],
  asWrites: RouteTable['asWrites'],
): RouteTable['match'] {
  const sorted = [...routes].sort(moreSpecific);
  const longest = Math.max(0, ...routes.map(fixedLength));
  // the candidates for each number of segments; paths that are longer than every route can only be below a prefix
  const byLength = Array.from({ length: longest + 2 }, (_, length) =>
    sorted.filter((route) =>
      isPrefix(route) ? fixedLength(route) <= length : fixedLength(route) === length,
    ),
  );
  const named = (method: string, path: string, read?: ReadValue): CompiledRoute | undefined => {
    const parts = segmentsOf(path);
    const candidates = byLength[Math.min(parts.length, longest + 1)] ?? [];
    const first = (...methods: readonly string[]): CompiledRoute | undefined =>
      candidates.find(
        (route) =>
          methods.some((one) => serves(route, one)) && fits(route, parts) && !unmet(route, read),
      );
    if (method !== 'HEAD') return first(method, 'ANY');
    return first('HEAD') ?? first('GET', 'ANY');
  };
  return (method, path, override, read) => {
    const said = named(method, path, read);
    if (override === undefined) return said;
    const meant = named(override, path, read);
    if (meant?.definition.kind === 'write') return meant;
    if (said?.definition.kind === 'write') return said;
    const either = meant ?? said;
    return either && asWrites.get(either);
  };
}
