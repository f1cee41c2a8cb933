import type { Found } from './find-claim.ts';
import { methodOverride } from './method-override.ts';
import { readTarget } from './request-target.ts';
import type { HeaderLines, Particulars } from './value-readings.ts';

/** A request line and its headers. */
export interface Asking extends HeaderLines {
  readonly method?: string | undefined;
  /** The request target, as it came. */
  readonly url?: string | undefined;
}
/** What a route may look at. */
export interface ClaimQuestion extends Particulars {
  readonly method: string;
  readonly rawPath: string;
  /** A method that the application may take instead. */
  readonly override?: string | undefined;
}
export type FindClaim<T> = (question: ClaimQuestion) => Found<T>;

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

const hostOf = ({ host }: Asking['headers']): string | undefined =>
  typeof host === 'string' ? host : host?.[0];

const doubtful = (reason: string): Asked<never> => ({
  refused: `${reason}, so that two servers could differ in whose route it is`,
});

/**
 * The rules of a request target in one place, for whoever serves a request and whoever explains one. `withheld`: headers that
 * whoever answers does not get from this client.
 */
export function whatIsAsked<T>(
  find: FindClaim<T>,
  asking: Asking,
  withheld?: (name: string) => boolean,
): Asked<T> {
  const { method = 'GET', url = '', headers } = asking;
  const read = readTarget(method, url);
  if (read.form === 'faulty') return { refused: read.reason };
  const { authority } = read;
  if (read.form === 'asterisk')
    return {
      found: { kind: 'unclaimed', path: '*' },
      search: '',
      target: '*',

      authority,
    };
  const { path, search } = read;
  const override = methodOverride({ headers, search });
  const host = authority ?? hostOf(headers);
  const found = find({ method, rawPath: path, override, host, search, lines: asking, withheld });
  if (found.kind === 'doubtful') return doubtful(found.reason);
  if (found.kind === 'claimed' && search.includes('#'))
    return doubtful('the request target has a fragment');
  const target = (found.kind === 'claimed' ? found.path : path) + search;
  return { found, search, target, authority };
}
