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
import type { ReadValue } from './value-readings.ts';

export interface CompiledRoute {
  readonly context: string;
  readonly definition: RouteDefinition;
  readonly segments: readonly Segment[];
  readonly conditions: readonly Condition[];
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

/** ANY leaves to others what they name. */
function methodsOverlap(a: CompiledRoute, b: CompiledRoute): Overlap {
  const [left, right] = [a.definition.method, b.definition.method];
  if (left === right) return 'same';
  return left === 'ANY' || right === 'ANY' ? 'ordered' : 'none';
}

const shown = ({ context, definition, conditions }: CompiledRoute): string =>
  `${context}.${definition.name} (${[`${definition.method} ${definition.path}`, ...conditions.map(conditionText)].join(', ')})`;

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
 * request are refused. Of routes of one path and method, those that ask for more of the request come first.
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
  refuseConflicts(routes);
  const sorted = [...routes].sort(moreSpecific);
  const longest = Math.max(0, ...routes.map(fixedLength));
  // the candidates for each number of segments; paths that are longer than every route can only be below a prefix
  const byLength = Array.from({ length: longest + 2 }, (_, length) =>
    sorted.filter((route) =>
      isPrefix(route) ? fixedLength(route) <= length : fixedLength(route) === length,
    ),
  );
  const asWrites = new Map(
    routes.map((route): [CompiledRoute, CompiledRoute] => [
      route,
      { ...route, definition: { ...route.definition, kind: 'write' } },
    ]),
  );
  const conditions = routes.flatMap((route) => route.conditions);
  const asked = conditions.filter(
    (condition, index) => conditions.findIndex((other) => sameName(other, condition)) === index,
  );
  const named = (method: string, path: string, read?: ReadValue): CompiledRoute | undefined => {
    const parts = segmentsOf(path);
    const candidates = byLength[Math.min(parts.length, longest + 1)] ?? [];
    const first = (...methods: readonly string[]): CompiledRoute | undefined =>
      candidates.find(
        (route) =>
          methods.includes(route.definition.method) && fits(route, parts) && !unmet(route, read),
      );
    if (method !== 'HEAD') return first(method, 'ANY');
    return first('HEAD') ?? first('GET', 'ANY');
  };
  return {
    routes,
    asWrites,
    asked,
    match(method, path, override, read) {
      const said = named(method, path, read);
      if (override === undefined) return said;
      const meant = named(override, path, read);
      if (meant?.definition.kind === 'write') return meant;
      if (said?.definition.kind === 'write') return said;
      const either = meant ?? said;
      return either && asWrites.get(either);
    },
  };
}
