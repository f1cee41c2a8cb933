import type { IdentitySources } from './identity.ts';

const carriers = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;
const harmless = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * The method that many frameworks take instead of the one in the request line: undefined when nobody asks for another, or for
 * one that changes nothing.
 */
export function methodOverride({ headers, search }: IdentitySources): string | undefined {
  const said =
    carriers.map((name) => headers[name]).find((value) => value !== undefined) ??
    (search.includes('_method=') ? new URLSearchParams(search).get('_method') : undefined);
  const method = (typeof said === 'string' ? said : said?.[0])?.trim().toUpperCase();
  return method && !harmless.has(method) ? method : undefined;
}
