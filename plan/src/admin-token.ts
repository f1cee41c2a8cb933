/** Long enough not to be guessed, and nothing that a header cannot carry. */
export const isAdminToken = (text: string): boolean => /^[\x21-\x7e]{16,}$/.test(text);
export const adminTokenRule =
  'needs 16 characters or more, letters, digits and signs without blanks';

/**
 * Whether an `authorization` header carries the token of a port for operators; without a token everybody may ask. Digests are
 * compared, to their end: how long it takes says nothing of how much was right.
 */
export function bearerAllows(
  header: string | undefined,
  token: string | undefined,
  sha256: (text: string) => string,
): boolean {
  if (token === undefined) return true;
  const given = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
  const [expected, actual] = [sha256(token), sha256(given)];
  let different = expected.length ^ actual.length;
  for (let index = 0; index < expected.length; index++)
    different |= expected.charCodeAt(index) ^ actual.charCodeAt(index);
  return different === 0;
}
