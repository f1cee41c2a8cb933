import {
  type HttpMethod,
  type MigrationDefinition,
  type RouteDefinition,
  StranglerError,
} from '@strangler-toolkit/plan';

export interface CompiledRoute {
  readonly context: string;
  readonly definition: RouteDefinition;
  readonly segments: readonly Segment[];
}
type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string };

export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
  match(method: string, path: string): CompiledRoute | undefined;
}

/** A trailing slash never makes another route: most frameworks serve both spellings, and a write must not slip past by one. */
const segmentsOf = (path: string): string[] => {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed === '/' ? [] : trimmed.slice(1).split('/');
};

const compile = (context: string, definition: RouteDefinition): CompiledRoute => ({
  context,
  definition,
  segments: segmentsOf(definition.path).map((text): Segment =>
    text.startsWith(':') ? { kind: 'param', name: text.slice(1) } : { kind: 'static', text },
  ),
});

const fits = (route: CompiledRoute, parts: readonly string[]): boolean =>
  route.segments.length === parts.length &&
  route.segments.every((segment, index) =>
    segment.kind === 'static' ? segment.text === parts[index] : parts[index] !== '',
  );

/** From the left: a fixed segment beats a parameter. */
function moreSpecific(a: CompiledRoute, b: CompiledRoute): number {
  for (const [index, segment] of a.segments.entries()) {
    const other = b.segments[index];
    if (other && segment.kind !== other.kind) return segment.kind === 'static' ? -1 : 1;
  }
  return 0;
}

type Overlap = 'none' | 'same' | 'ordered' | 'ambiguous';
function overlap(a: CompiledRoute, b: CompiledRoute): Overlap {
  if (a.segments.length !== b.segments.length) return 'none';
  let aNarrower = false;
  let bNarrower = false;
  for (const [index, left] of a.segments.entries()) {
    const right = b.segments[index];
    if (!right) continue;
    if (left.kind === 'static' && right.kind === 'static') {
      if (left.text !== right.text) return 'none';
    } else if (left.kind === 'static') aNarrower = true;
    else if (right.kind === 'static') bNarrower = true;
  }
  if (aNarrower && bNarrower) return 'ambiguous';
  return aNarrower || bNarrower ? 'ordered' : 'same';
}

const shown = (route: CompiledRoute): string =>
  `${route.context}.${route.definition.name} (${route.definition.method} ${route.definition.path})`;

function refuseConflicts(routes: readonly CompiledRoute[]): void {
  for (const [index, a] of routes.entries()) {
    for (const b of routes.slice(index + 1)) {
      if (a.definition.method !== b.definition.method) continue;
      const kind = overlap(a, b);
      if (kind === 'same' || (kind === 'ambiguous' && a.context !== b.context)) {
        throw new StranglerError(
          'CONFIG_INVALID',
          `Routes ${shown(a)} and ${shown(b)} claim the same requests`,
          {
            remedy: 'Give one of them another path, or leave it out of its context file.',
          },
        );
      }
    }
  }
}

/**
 * Routes by method and canonical path. A fixed segment beats a parameter, from the left; a GET route serves HEAD unless a
 * HEAD route is declared; two contexts that claim one request are refused.
 * @throws StranglerError CONFIG_INVALID
 */
export function compileRoutes(definitions: Iterable<MigrationDefinition>): RouteTable {
  const routes = [...definitions].flatMap((definition) =>
    definition.routes.map((route) => compile(definition.context, route)),
  );
  refuseConflicts(routes);
  const byShape = new Map<string, CompiledRoute[]>();
  for (const route of routes) {
    const shape = `${route.definition.method} ${route.segments.length}`;
    byShape.set(shape, [...(byShape.get(shape) ?? []), route].sort(moreSpecific));
  }
  const find = (method: HttpMethod | string, parts: readonly string[]): CompiledRoute | undefined =>
    byShape.get(`${method} ${parts.length}`)?.find((route) => fits(route, parts));
  return {
    routes,
    match(method, path) {
      const parts = segmentsOf(path);
      return find(method, parts) ?? (method === 'HEAD' ? find('GET', parts) : undefined);
    },
  };
}
