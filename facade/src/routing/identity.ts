import { createHash } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';

export interface IdentitySources {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** With its question mark. */
  readonly search: string;
}
export type IdentityReader = (request: IdentitySources) => string | undefined;

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

function cookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const cut = pair.indexOf('=');
    if (cut !== -1 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim();
  }
  return undefined;
}

function reader(source: string): (request: IdentitySources) => string | undefined {
  const cut = source.indexOf(':');
  const kind = source.slice(0, cut);
  const name = source.slice(cut + 1);
  switch (kind) {
    case 'header':
      return ({ headers }) => first(headers[name.toLowerCase()]);
    case 'cookie':
      return ({ headers }) => cookie(first(headers.cookie), name);
    case 'query':
      return ({ search }) => new URLSearchParams(search).get(name) ?? undefined;
    default:
      throw new StranglerError(
        'CONFIG_INVALID',
        `identity '${source}' must begin with header:, cookie: or query:`,
      );
  }
}

/** Who a request belongs to, as a hash: what leaves the process (Unleash, control database) never shows a token. */
export function identityReader(sources: readonly string[] = []): IdentityReader {
  const readers = sources.map((source) => ({ source, read: reader(source) }));
  return (request) => {
    for (const { source, read } of readers) {
      const value = read(request);
      if (value)
        return createHash('sha256').update(`${source}\n${value}`).digest('hex').slice(0, 32);
    }
    return undefined;
  };
}
