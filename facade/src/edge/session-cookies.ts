export interface CookiePair {
  readonly name: string;
  readonly value: string;
}

/** Of a Cookie header, in its order; quotes belong to the value. */
const pairsOf = (header: string): CookiePair[] =>
  header.split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at === -1 ? [] : [{ name: part.slice(0, at).trim(), value: part.slice(at + 1).trim() }];
  });

const textOf = (pairs: readonly CookiePair[]): string =>
  pairs.map(({ name, value }) => `${name}=${value}`).join('; ');

/**
 * Only what carries the session, all of it and in its order: where a cookie is there twice, the monolith says which one counts,
 * as it does in every other request. Undefined: nothing of it is there.
 */
export function sessionOf(
  cookie: string | undefined,
  names: readonly string[],
): string | undefined {
  if (cookie === undefined) return undefined;
  const pairs = pairsOf(cookie).filter(({ name }) => names.includes(name));
  return pairs.length === 0 ? undefined : textOf(pairs);
}

/** A Cookie header without what carries the session; undefined: nothing is left. */
export function withoutSession(cookie: string, names: readonly string[]): string | undefined {
  const kept = cookie
    .split(';')
    .filter((part) => !names.includes((part.split('=', 1)[0] ?? '').trim()));
  return kept.length === 0 ? undefined : kept.join(';').trim();
}

/** Whether an answer's Set-Cookie changes what the request had of a session: another value, or its end. */
export function changesSession(
  setCookie: string,
  names: readonly string[],
  cookie: string | undefined,
): boolean {
  const [first = '', ...attributes] = setCookie.split(';');
  const [given] = pairsOf(first);
  if (given === undefined || !names.includes(given.name)) return false;
  const had = pairsOf(cookie ?? '').filter(({ name }) => name === given.name);
  // a rolling session is given again as it was
  if (!had.every(({ value }) => value === given.value)) return true;
  return attributes.some((attribute) => {
    const [name = '', value = ''] = attribute.split('=').map((part) => part.trim());
    if (name.toLowerCase() === 'max-age') return !(Number(value) > 0);
    return name.toLowerCase() === 'expires' && !(Date.parse(value) > Date.now());
  });
}
