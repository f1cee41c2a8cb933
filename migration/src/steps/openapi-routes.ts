import type { HttpMethod } from '@strangler-toolkit/plan';
import { z } from 'zod';

export interface FoundRoute {
  readonly name: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly kind: 'read' | 'write';
}

const methods: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

const kebab = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase();

/** The routes of an OpenAPI document whose path begins with one of the prefixes (all, when there are none). */
export function openapiRoutes(value: unknown, prefixes: readonly string[]): FoundRoute[] {
  const { paths } = document.parse(value);
  const routes: FoundRoute[] = [];
  const names = new Set<string>();
  for (const [path, operations] of Object.entries(paths)) {
    if (
      prefixes.length > 0 &&
      !prefixes.some(
        (prefix) =>
          path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
      )
    )
      continue;
    const ours = path
      .replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => `:${name.replaceAll(/\W/g, '_')}`)
      .replace(/(.)\/$/, '$1');
    for (const method of methods) {
      const operation = operations[method.toLowerCase()];
      if (operation === undefined) continue;
      const id =
        typeof operation === 'object' &&
        operation !== null &&
        'operationId' in operation &&
        typeof operation.operationId === 'string'
          ? operation.operationId
          : `${method} ${path}`;
      let name = kebab(id).replace(/^(?=[^a-z])/, 'route-');
      for (let number = 2; names.has(name) || name === 'kill'; number++)
        name = `${kebab(id)}-${number}`;
      names.add(name);
      routes.push({ name, method, path: ours, kind: method === 'GET' ? 'read' : 'write' });
    }
  }
  return routes;
}
