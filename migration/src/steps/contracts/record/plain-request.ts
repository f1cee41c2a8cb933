/**
 * A draft really asks what was asked, so its path and query are values of the recording. Only such pass as are nobody's: numbers,
 * identifiers, words of an address. Undefined when one of them could be a person's, or a secret.
 */
export function plainRequest(
  target: string,
  /** The route's path, `/products/:id`: what a value is called says whose it is. */
  template: string,
): { readonly path: string; readonly query: Readonly<Record<string, string[]>> } | undefined {
  const url = URL.parse(target, 'http://recorded');
  if (!url || !placesOf(url.pathname, template).every(isNobodys)) return undefined;
  const query = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    if (!isPlain(name) || !isPlain(value) || asksForPerson.test(name)) return undefined;
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  return { path: url.pathname, query: Object.fromEntries(query) };
}

interface Place {
  readonly value: string;
  /** Empty in what a `**` took. */
  readonly name: string;
  /** What stands before it, `products`. */
  readonly word: string;
}

/** What of a path is not the route's own word. */
function placesOf(path: string, template: string): Place[] {
  const words = template.split('/');
  return path.split('/').flatMap((value, index, all) => {
    const said = words[index] ?? '';
    if (value === said) return [];
    return [{ value, name: said.startsWith(':') ? said.slice(1) : '', word: all[index - 1] ?? '' }];
  });
}

/** Behind a word for people a number of a row passes, and nothing that they may be called. */
const isNobodys = ({ value, name, word }: Place): boolean => {
  const ofRow = /^(?:user|author)_?id$/i.test(name);
  if ((asksForPerson.test(name) && !ofRow) || opensSomething.test(word)) return false;
  if (ofRow || person.test(word)) return /^\d{1,8}$/.test(value) || uuid.test(value);
  return isPlain(value) && !/^[a-z]+\.[a-z]+$/i.test(value);
};

const asksForPerson =
  /^(?:q|query|search|term|text)$|name|user|login|mail|phone|token|secret|passw|session|key|sig|auth|code|ssn/i;
/** What follows is often good for once, and spent by whoever asks for it. */
const opensSomething =
  /token|secret|passw|session|auth(?!or)|invit|verif|confirm|reset|activat|unsubscri/i;
const person =
  /user|people|person|profile|member|customer|client|account|contact|employee|patient|author|friend/i;
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A number that is nobody's, an identifier, a word with its hyphens, a sort order. */
const isPlain = (text: string): boolean =>
  text === '' ||
  uuid.test(text) ||
  (/^-?[A-Za-z\d][\w.,:-]*$/.test(text) &&
    text.length <= 40 &&
    !(text.match(/\d(?:[-.]?\d){8,}/g) ?? []).some(isSomebodys) &&
    !isOpaque(text));

/** As many digits as social security and telephones have, or the check digit of a card; other long numbers are keys of rows. */
function isSomebodys(written: string): boolean {
  const digits = written.replaceAll(/\D/g, '');
  return digits.length <= 13 || hasCheckDigit(digits);
}

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

/** Digits among letters of both cases, in turn with letters, or a long mixture: a key to something. */
const isOpaque = (text: string): boolean =>
  isMixed(text, [/\d/, /[a-z]/, /[A-Z]/]) ||
  text
    .split(/[-_.,:]/)
    .some(
      (part) =>
        (part.match(/\d(?=[a-z])|[a-z](?=\d)/gi) ?? []).length > 2 ||
        (part.length >= 20 &&
          (isMixed(part, [/\d/, /[a-z]/i]) || isMixed(part, [/[a-z]/, /[A-Z]/]))),
    );

const isMixed = (text: string, kinds: readonly RegExp[]): boolean =>
  kinds.every((kind) => kind.test(text));
