import { StranglerError } from '../errors.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
export interface IdentitySources {
  readonly headers: Headers;
  /** With its question mark. */
  readonly search: string;
}

/** What an answer says about whom it was for. */
export interface AnswerIdentity {
  /** Identities that the client has from now on. */
  readonly given: readonly string[];
  /** Whom it names: requests do not show it, other answers will. */
  readonly users: readonly string[];
  /** One was taken away: what the client comes back with is not known. */
  readonly ended: boolean;
}

/** Whom requests belong to, as hashes: what leaves the process (flags, control database) never shows a token. */
export interface IdentityReader {
  /** The first source that is there: percentages stick to it. */
  first(request: IdentitySources): string | undefined;
  /** One for each source that is there: a writer comes back with any of them. */
  all(request: IdentitySources): readonly string[];
  /** Whom somebody means by a name: that value, in whichever source a request shows it. */
  named(name: string): readonly string[];
  /** Where answers may tell: names of headers in lower case. */
  readonly answerHeaders: readonly string[];
  /** Cookies that it sets, users whom it names, tokens that it brings. */
  inAnswer(headers: Headers): AnswerIdentity;
}

interface Source {
  /** What tells two sources with the same value apart. */
  readonly key: string;
  /** Undefined: requests do not have it. */
  readonly request?: (request: IdentitySources) => string | undefined;
  /** An empty text takes the identity away. */
  readonly answer?: (headers: Headers) => string | undefined;
  readonly answerHeader?: string;
}

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

function cookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const cut = pair.indexOf('=');
    if (cut !== -1 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim();
  }
  return undefined;
}

/** The value that a client will send; empty for a cookie that ends. The last one of a name counts. */
function cookieSet(headers: Headers, name: string): string | undefined {
  const lines = headers['set-cookie'] ?? [];
  let found: string | undefined;
  for (const line of typeof lines === 'string' ? [lines] : lines) {
    const value = cookie(line.split(';')[0], name);
    if (value === undefined) continue;
    const age = /;\s*max-age\s*=\s*(-?\d+)/i.exec(line)?.[1];
    const expires = /;\s*expires\s*=\s*([^;]+)/i.exec(line)?.[1];
    const over =
      age === undefined
        ? expires !== undefined && Date.parse(expires) <= Date.now()
        : Number(age) <= 0;
    found = over || value === '""' ? '' : value;
  }
  return found;
}

/** A claim of a signed token, unverified: whoever forges one reads what its forger may read, a little fresher. */
function claimOf(token: string | undefined, claim: string): string | undefined {
  const payload = token?.replace(/^\w+\s+/, '').split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null) return undefined;
    const value: unknown = Object.getOwnPropertyDescriptor(claims, claim)?.value;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  } catch {
    // no token of this kind
    return undefined;
  }
}

function sourceOf(text: string): Source {
  const cut = text.indexOf(':');
  const kind = text.slice(0, cut);
  const name = text.slice(cut + 1);
  switch (kind) {
    case 'header': {
      const lower = name.toLowerCase();
      const read = (headers: Headers): string | undefined => first(headers[lower]);
      const request = ({ headers }: IdentitySources): string | undefined => read(headers);
      return { key: text, request, answer: read, answerHeader: lower };
    }
    case 'cookie':
      return {
        key: text,
        request: ({ headers }) => cookie(first(headers.cookie), name),
        answer: (headers) => cookieSet(headers, name),
        answerHeader: 'set-cookie',
      };
    case 'query':
      return {
        key: text,
        request: ({ search }) => new URLSearchParams(search).get(name) ?? undefined,
      };
    case 'answer':
      return {
        key: text,
        answer: (headers) => first(headers[name.toLowerCase()]),
        answerHeader: name.toLowerCase(),
      };
    case 'claim': {
      const at = name.indexOf('@');
      const claim = name.slice(0, at);
      const carrier = sourceOf(name.slice(at + 1));
      const { request, answer, answerHeader } = carrier;
      return {
        key: `claim:${claim}`,
        ...(request && { request: (sources) => claimOf(request(sources), claim) }),
        ...(answer && { answer: (headers) => claimOf(answer(headers), claim) }),
        ...(answerHeader !== undefined && { answerHeader }),
      };
    }
    default:
      throw new StranglerError(
        'CONFIG_INVALID',
        `identity '${text}' must begin with header:, cookie:, query:, claim: or answer:`,
      );
  }
}

/**
 * `sha256`: of a text, as hexadecimal digits. It is passed in because this package needs nothing but zod.
 * @throws StranglerError CONFIG_INVALID
 */
export function identityReader(
  texts: readonly string[] | undefined,
  sha256: (text: string) => string,
): IdentityReader {
  const sources = (texts ?? []).map(sourceOf);
  const hashOf = (key: string, value: string): string => sha256(`${key}\n${value}`).slice(0, 32);
  return {
    answerHeaders: sources.flatMap(({ answerHeader }) => answerHeader ?? []),
    first(request) {
      for (const { key, request: read } of sources) {
        const value = read?.(request);
        if (value) return hashOf(key, value);
      }
      return undefined;
    },
    all(request) {
      return sources.flatMap(({ key, request: read }) => {
        const value = read?.(request);
        return value ? [hashOf(key, value)] : [];
      });
    },
    named: (name) => sources.flatMap(({ key, request }) => (request ? [hashOf(key, name)] : [])),
    inAnswer(headers) {
      const given: string[] = [];
      const users: string[] = [];
      let ended = false;
      for (const { key, request, answer } of sources) {
        const value = answer?.(headers);
        if (value) (request ? given : users).push(hashOf(key, value));
        else if (value === '' && key.startsWith('cookie:')) ended = true;
      }
      return { given, users, ended };
    },
  };
}
