/** No segment of a program's own words is longer. */
const longestWord = 64;
const longestPath = 300;

// numbers and dates; addresses; six digits in a row; eight hexadecimal digits; sixteen letters and digits mixed
const identifier =
  /^\d[\d-]*$|@|%40|\d{6}|(?=[a-f]{0,7}\d)[\da-f]{8}|(?=[a-z_]*\d)(?=\d*[a-z_])\w{16}/i;

/** Is a segment of a path a key, a date, an address or a token, and no word of the program? */
export const isIdentifier = (segment: string): boolean =>
  segment.length > longestWord || identifier.test(segment);

function collapsedSegment(segment: string): string {
  const end = segment.indexOf(';');
  const word = end < 0 ? segment : segment.slice(0, end);
  return `${isIdentifier(word) ? ':id' : word}${end < 0 ? '' : ';…'}`;
}

/** A path whose identifiers are gone: fit for logs, counts and whoever reads them, and the same for all rows of a table. */
export function collapsedPath(path: string): string {
  const collapsed = /[\d@;]|[^/]{65}/.test(path)
    ? path.split('/').map(collapsedSegment).join('/')
    : path;
  return collapsed.length > longestPath ? `${collapsed.slice(0, longestPath)}…` : collapsed;
}

/** The same for a path that a route claims: its parameters by their names, and what is below a prefix collapsed. */
export function collapsedAs(template: string, path: string): string {
  if (!template.endsWith('/**')) return template;
  const words = template.split('/').slice(0, -1);
  return collapsedPath([...words, ...path.split('/').slice(words.length)].join('/'));
}
