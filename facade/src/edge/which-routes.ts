import { StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';

/** `*`: all that is asked, also what nobody claims; `context`: all its routes; `context.route`: one. */
export const whichRoutes = z
  .array(z.string().regex(/^(?:\*|[\w-]+(?:\.[\w-]+)?)$/, '*, context or context.route'))
  .min(1)
  .default(['*']);

/** What of a route rules go by. */
export interface NamedRoute {
  readonly context: string;
  readonly definition: { readonly name: string };
}

export const isFor = (names: readonly string[], route: NamedRoute | undefined): boolean =>
  names.includes('*') ||
  (route !== undefined &&
    (names.includes(route.context) || names.includes(`${route.context}.${route.definition.name}`)));

/** The first rule that a route falls under, in the order in which somebody wrote them; undefined route: nobody claims it. */
export const ruleFor = <R extends { readonly routes: readonly string[] }>(
  rules: readonly R[] | undefined,
  route: NamedRoute | undefined,
): R | undefined => rules?.find(({ routes }) => isFor(routes, route));

/**
 * A name that no context file has is a slip of the pen, and its rule would hold for nothing.
 * @throws StranglerError CONFIG_INVALID
 */
export function refuseUnknownRoutes(
  rules: Readonly<Record<string, unknown>>,
  known: readonly NamedRoute[],
): void {
  const names = new Set(
    known.flatMap(({ context, definition }) => [context, `${context}.${definition.name}`]),
  );
  for (const [duty, list] of Object.entries(rules)) {
    if (!Array.isArray(list)) continue;
    for (const [index, { routes = [] }] of (list as { routes?: string[] }[]).entries())
      for (const name of routes)
        if (name !== '*' && !names.has(name))
          throw new StranglerError(
            'CONFIG_INVALID',
            `edge: ${duty}[${index}].routes: no context file has ${name}`,
            { remedy: 'Name a context, context.route, or * for everything.' },
          );
  }
}
