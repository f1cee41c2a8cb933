import { canonicalPath } from './canonical-path.ts';

/** One more way to read a path, and what in its spelling allows it. */
export interface OtherReading {
  readonly path: string;
  readonly because: string;
}
export interface PathReadings {
  readonly canonical: string;
  readonly others: readonly OtherReading[];
  /** Servers differ in whether they take such a path at all. */
  readonly oddity: string | undefined;
}

// No encoding, parameter, backslash, fragment, doubled slash or segment that begins with a dot, and printable ASCII only.
const plain = /^(?:\/(?![/.])[!"$&-.0-:<-[\]-~]*)+$/;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0020\u007f]|%(?:[01][\da-f]|20|7f)/gi;
// oxlint-disable-next-line no-control-regex
const cut = /[\u0000-\u001f\u007f#]|%(?:[01][\da-f]|7f)/i;
const separator = /%2f|%5c|\\/gi;
const parameter = /(?:;|%3b)[^/\\]*/gi;

const oddities: readonly (readonly [RegExp, string])[] = [
  [/#/, 'the request target has a fragment'],
  [/\\|%5c/i, 'the path has a backslash'],
  // oxlint-disable-next-line no-control-regex
  [/[\u0000-\u001f\u007f]|%(?:[01][\da-f]|7f)/i, 'the path has a control character'],
  [/%(?![\da-f]{2})/i, 'the path has a broken percent encoding'],
];

/**
 * What servers make of a path. They agree on most; some also decode slashes, cut off path parameters (`;jsessionid=`), stop at
 * a control character or a fragment, or remove dot segments before they merge slashes.
 */
export function readingsOf(raw: string): PathReadings {
  if (plain.test(raw)) return { canonical: raw, others: [], oddity: undefined };
  const canonical = canonicalPath(raw);
  const others: OtherReading[] = [];
  const add = (spelling: string, because: string): void => {
    const path = canonicalPath(spelling);
    if (path !== canonical) others.push({ path, because });
  };
  const split = raw.replace(separator, '/');
  const bare = raw.replace(parameter, '');
  add(split, 'the path has an encoded slash or a backslash');
  add(bare, 'the path has parameters');
  add(split.replace(parameter, ''), 'the path has parameters and encoded slashes');
  add(bare.replace(separator, '/'), 'the path has parameters and encoded slashes');
  const end = raw.search(cut);
  if (end !== -1) {
    add(raw.slice(0, end), 'the path has a control character or a fragment');
    add(raw.replace(control, ''), 'the path has control characters');
  }
  const unmerged = canonicalPath(raw, 'dots-first');
  if (unmerged !== canonical)
    others.push({ path: unmerged, because: 'the path has empty segments before dot segments' });
  return { canonical, others, oddity: oddities.find(([what]) => what.test(raw))?.[1] };
}
