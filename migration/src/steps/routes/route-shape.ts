import { isIdentifier } from '@strangler-toolkit/plan';

/** A parameter as routers write it: `:id`, `{id}`, `<int:id>`, `[id]`, `(?P<id>\d+)`, `*`. */
const parameter = /^[:{<[*(].*|.*[)>}\]]$/;

/** Without the names of parameters, so that one route in two spellings is one: `/orders/:id`, `^orders/(?P<pk>\d+)/$`. */
export function routeShape(path: string): string {
  const words = path
    .replace(/^\^/, '')
    .replace(/\$$/, '')
    .split('/')
    .filter((word) => word !== '')
    .map((word) => (parameter.test(word) || isIdentifier(word) ? ':' : word));
  return `/${words.join('/')}`;
}

/** Does one of these routes of a context file have the shape? `/a/**` has all shapes below it. */
export const hasShape = (paths: readonly string[], shape: string): boolean =>
  paths.some((path) => {
    if (!path.endsWith('/**')) return routeShape(path) === shape;
    const stem = routeShape(path.slice(0, -3));
    return shape === stem || shape.startsWith(`${stem}/`);
  });

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * The route that a writer named: in its statement's comment, percent-encoded, or in an application name such as `shop POST /orders`.
 * Without a method a path in that name is a program's: drivers put it there (`/usr/local/bin/rake`).
 */
export function namedRoute(write: {
  readonly route: string | null;
  readonly application: string;
}): string | undefined {
  if (write.route !== null) return decoded(write.route);
  return /(?:^|\s)(?:GET|HEAD|POST|PUT|PATCH|DELETE) (\/[^\s?]+)/.exec(write.application)?.[1];
}
