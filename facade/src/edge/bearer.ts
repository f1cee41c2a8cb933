/** What a request shows of itself in `Authorization`. */
export type Bearer =
  | { readonly kind: 'token'; readonly token: string }
  /** None, or one of another scheme. */
  | { readonly kind: 'none' }
  | { readonly kind: 'faulty'; readonly why: string };

/** More than any issuer writes; what is longer is not even looked at. */
const mostCharacters = 16_384;
const form = /^[\w.~+/-]+=*$/;

/** Two of them would be read as the first by one server and as the last by another. */
export function bearerOf(rawHeaders: readonly string[]): Bearer {
  let said: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (said !== undefined) return { kind: 'faulty', why: 'Authorization is there twice' };
    said = rawHeaders[index + 1] ?? '';
  }
  if (said === undefined || !/^bearer(?: |$)/i.test(said)) return { kind: 'none' };
  const token = said.slice(7).trim();
  if (token.length > mostCharacters) return { kind: 'faulty', why: 'the token is too long' };
  return form.test(token) ? { kind: 'token', token } : { kind: 'faulty', why: 'it is no token' };
}
