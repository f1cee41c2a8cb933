import { z } from 'zod';
import { type FoundRoute, isBelow, RouteNames, routeMethods } from './found-route.ts';

const document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** The routes of an OpenAPI document whose path begins with one of the prefixes (all, when there are none). */
export function openapiRoutes(value: unknown, prefixes: readonly string[]): FoundRoute[] {
  const { paths } = document.parse(value);
  const routes: FoundRoute[] = [];
  const names = new RouteNames();
  for (const [path, operations] of Object.entries(paths)) {
    if (!isBelow(path, prefixes)) continue;
    const ours = path
      .replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => `:${name.replaceAll(/\W/g, '_')}`)
      .replace(/(.)\/$/, '$1');
    for (const method of routeMethods) {
      const operation = operations[method.toLowerCase()];
      if (operation === undefined) continue;
      const id =
        typeof operation === 'object' &&
        operation !== null &&
        'operationId' in operation &&
        typeof operation.operationId === 'string'
          ? operation.operationId
          : `${method} ${path}`;
      const kind = method === 'GET' ? 'read' : 'write';
      routes.push({ name: names.of(id), method, path: ours, kind });
    }
  }
  return routes;
}
