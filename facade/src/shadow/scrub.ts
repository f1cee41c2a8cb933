const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;
const address = /[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;
const credentials = /\b(Bearer|Basic|Digest)\s+[^\s"',]+/gi;
const account = /\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?/g;
// cards as they are printed, telephone numbers, and any nine digits in a row
const digits =
  /\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{5}|\+\d[\d ()/.-]{6,}\d|\d{9,}/g;
const candidate = /[\w+=.-]{16,}/g;

/** Sixteen letters and digits in a row that hold both: no language writes such words. */
const isToken = (text: string): boolean =>
  (text.match(/\w{16,}/g) ?? []).some((run) => /\d/.test(run) && /[a-z]/i.test(run));

/** Longer texts are cut before they are looked at: nobody reads the rest. */
const longest = 4_000;

/** A text without what looks like a token, an e-mail address, a card or account number, a long run of digits. */
export const scrub = (text: string): string =>
  text
    .slice(0, longest)
    .replaceAll(address, '(e-mail)')
    .replaceAll(credentials, '$1 (token)')
    .replaceAll(uuid, '(token)')
    .replaceAll(account, '(digits)')
    .replaceAll(candidate, (found) => (isToken(found) ? '(token)' : found))
    .replaceAll(digits, '(digits)');

const secretName =
  /pass(?:word|wd|phrase)|secret|token|authori[sz]ation|credential|cookie|api[-_]?key|private[-_]?key|\b(?:pin|cvv|cvc|ssn|iban)\b/i;

/** Does a field by this name hold something that nobody may read, whatever it looks like? */
export const namesSecret = (name: string): boolean => secretName.test(name);

/** A value of JSON without what looks like a secret, or is called one. */
export function scrubbed(value: unknown): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'number') {
    const text = scrub(String(value));
    return text === String(value) ? value : text;
  }
  if (Array.isArray(value)) return value.map(scrubbed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      scrub(name),
      namesSecret(name) ? '(redacted)' : scrubbed(inner),
    ]),
  );
}
