import type { Found } from './find-claim.ts';
import { methodOverride } from './method-override.ts';
import { readTarget } from './request-target.ts';

/** A request line and its headers. */
export interface Asking {
  readonly method?: string | undefined;
  /** The request target, as it came. */
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}
export type FindClaim<T> = (method: string, rawPath: string, override?: string) => Found<T>;

/** What is asked for, and whose it is; or why nobody may answer. */
export type Asked<T> =
  | {
      readonly found: Exclude<Found<T>, { kind: 'doubtful' }>;
      /** As it came, with its question mark. */
      readonly search: string;
      /** What the upstream is asked: canonical where a context claims it, byte for byte as it came where none does. */
      readonly target: string;
      /** Of an absolute form: it stands for the Host header. */
      readonly authority: string | undefined;
    }
  | { readonly refused: string };

const doubtful = (reason: string): Asked<never> => ({
  refused: `${reason}, so that two servers could differ in whose route it is`,
});

/** The rules of a request target in one place, for whoever serves a request and whoever explains one. */
export function whatIsAsked<T>(
  find: FindClaim<T>,
  { method = 'GET', url = '', headers }: Asking,
): Asked<T> {
  const read = readTarget(method, url);
  if (read.form === 'faulty') return { refused: read.reason };
  const { authority } = read;
  if (read.form === 'asterisk')
    return { found: { kind: 'unclaimed', path: '*' }, search: '', target: '*', authority };
  const { path, search } = read;
  const found = find(method, path, methodOverride({ headers, search }));
  if (found.kind === 'doubtful') return doubtful(found.reason);
  if (found.kind === 'claimed' && search.includes('#'))
    return doubtful('the request target has a fragment');
  const target = (found.kind === 'claimed' ? found.path : path) + search;
  return { found, search, target, authority };
}
