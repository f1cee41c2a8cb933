import type { HttpMethod } from '@strangler-toolkit/plan';

export interface FoundRoute {
  readonly name: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly kind: 'read' | 'write';
}

export const routeMethods: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export const isBelow = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.length === 0 ||
  prefixes.some(
    (prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
  );

const kebab = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase();

/** Gives routes names that a flag may have, each once. */
export class RouteNames {
  readonly #given = new Set<string>();

  of(text: string): string {
    const stem = kebab(text).replace(/^(?=[^a-z])/, 'route-');
    let name = stem;
    // a flag of that name stops everything
    for (let number = 2; this.#given.has(name) || name === 'kill'; number++)
      name = `${stem}-${number}`;
    this.#given.add(name);
    return name;
  }
}
