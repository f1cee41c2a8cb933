/**
 * A draft really asks what was asked, so its path and query are values of the recording. Only such pass as are nobody's: numbers,
 * identifiers, words of an address. Undefined when one of them could be a person's, or a secret.
 */
export function plainRequest(
  target: string,
): { readonly path: string; readonly query: Readonly<Record<string, string[]>> } | undefined {
  const url = URL.parse(target, 'http://recorded');
  if (!url || !url.pathname.split('/').every(isPlain)) return undefined;
  const query = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    if (!isPlain(name) || !isPlain(value) || asksForPerson.test(name)) return undefined;
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  return { path: url.pathname, query: Object.fromEntries(query) };
}

const asksForPerson =
  /^(?:q|query|search|term|text)$|name|user|login|mail|phone|token|secret|passw|session|key|sig|auth|code/i;
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A number that is nobody's, an identifier, a word with its hyphens, a sort order. */
const isPlain = (text: string): boolean =>
  text === '' ||
  uuid.test(text) ||
  (/^-?[A-Za-z\d][\w.,:-]*$/.test(text) &&
    text.length <= 40 &&
    !(text.match(/\d{10,}/g) ?? []).some(isSomebodys) &&
    !isOpaque(text));

/** As many digits as telephones have, or the check digit of a card; other long numbers are keys of rows. */
const isSomebodys = (digits: string): boolean => digits.length <= 13 || hasCheckDigit(digits);

/** Luhn's: every second digit from the right counts twice. */
function hasCheckDigit(digits: string): boolean {
  const sum = digits
    .split('')
    .reverse()
    .reduce((before, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return before + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}

/** A long mixture of letters and digits is a key to something. */
const isOpaque = (text: string): boolean =>
  text.length >= 20 && /\d/.test(text) && /[a-z]/i.test(text) && !/[-_.,:]/.test(text);
