import { absent } from './compare-json.ts';
import type { Difference, Observed, Rules } from './difference.ts';
import { charsetOf, headerOf, mediaType } from './media-type.ts';

type Reading = (value: string) => string;
const asWritten: Reading = (value) => value.trim();
/** A list of names or directives: their order and case mean nothing. */
const asList: Reading = (value) =>
  value
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .sort()
    .join(', ');
/** A challenge brings a number used once. */
const withoutNonce: Reading = (value) =>
  value.trim().replaceAll(/\b(nonce|opaque)="[^"]*"/gi, '$1="…"');

/** Headers that carry meaning for every client. A route may name more, and may ignore these. */
const always: Readonly<Record<string, Reading>> = {
  location: asWritten,
  'cache-control': asList,
  'content-disposition': asWritten,
  'www-authenticate': withoutNonce,
  vary: asList,
};

/** What a cookie is, by its name; its value is its owner's, and a time of expiry is another one each time. */
function cookiesOf({ headers }: Observed): ReadonlyMap<string, string> {
  const lines = headers['set-cookie'] ?? [];
  const cookies = new Map<string, string>();
  for (const line of typeof lines === 'string' ? [lines] : lines) {
    const [pair = '', ...attributes] = line.split(';');
    const said = attributes
      .map((attribute) => {
        const [name = '', ...value] = attribute.split('=').map((part) => part.trim());
        const lower = name.toLowerCase();
        return value.length === 0 || lower === 'expires' ? lower : `${lower}=${value.join('=')}`;
      })
      .filter((attribute) => attribute !== '');
    const name = (pair.split('=')[0] ?? '').trim();
    cookies.set(name, said.sort().join('; ') || '(no attributes)');
  }
  return cookies;
}

/** @returns differences of headers with meaning, by the route's rules: values of chosen ones, names and attributes of cookies */
export function compareHeaders(
  reference: Observed,
  candidate: Observed,
  rules: Rules,
): readonly Difference[] {
  const ignored = new Set((rules.ignore ?? []).map(({ path }) => path.toLowerCase()));
  const differences: Difference[] = [];
  const note = (path: string, one: string | undefined, other: string | undefined): void => {
    const name = path.split('/')[0] ?? path;
    if (one === other || ignored.has(name) || ignored.has(path.toLowerCase())) return;
    differences.push({ path, reference: one ?? absent, candidate: other ?? absent });
  };
  const [type, otherType] = [mediaType(reference), mediaType(candidate)];
  note('header:content-type', type || undefined, otherType || undefined);
  if (type === otherType)
    note(
      'header:content-type/charset',
      charsetOf(reference) || undefined,
      charsetOf(candidate) || undefined,
    );
  const chosen = (rules.headers ?? []).map((name) => name.toLowerCase());
  for (const name of new Set([...chosen, ...Object.keys(always)])) {
    const reading = always[name] ?? asWritten;
    const read = (observed: Observed): string | undefined => {
      const value = headerOf(observed, name);
      return value === undefined ? undefined : reading(value);
    };
    note(`header:${name}`, read(reference), read(candidate));
  }
  if (chosen.includes('set-cookie')) return differences;
  const [ours, theirs] = [cookiesOf(reference), cookiesOf(candidate)];
  for (const name of new Set([...ours.keys(), ...theirs.keys()]))
    note(`header:set-cookie/${name}`, ours.get(name), theirs.get(name));
  return differences;
}
