import type { IdentitySources } from './identity.ts';

const carriers = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;
const harmless = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * The method that many frameworks take instead of the one in the request line: undefined when nobody asks for another, or for
 * one that changes nothing.
 */
export function methodOverride({ headers, search }: IdentitySources): string | undefined {
  const carrier = carriers.find((name) => headers[name] !== undefined);
  const inQuery = carrier === undefined && search.includes('_method=');
  if (carrier === undefined && !inQuery) return undefined;
  const said = inQuery ? new URLSearchParams(search).get('_method') : carrier && headers[carrier];
  const method = (typeof said === 'string' ? said : said?.[0])?.trim().toUpperCase();
  return method && !harmless.has(method) ? method : undefined;
}
