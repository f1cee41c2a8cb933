const unreserved = /[A-Za-z0-9\-._~]/;

/** Unreserved characters lose their encoding, other encodings get upper-case digits: two spellings of one path become one. */
const normaliseEncoding = (path: string): string =>
  path
    // a lone % could make an encoding together with what is decoded behind it
    .replace(/%([0-9A-Fa-f]{2})?/g, (whole, hex?: string) => {
      if (hex === undefined) return '%25';
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return unreserved.test(character) ? character : whole.toUpperCase();
    })
    // node hands bytes over 0x7f on as latin-1 characters
    .replace(
      /[\u0080-\u00ff]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') {
      kept.push(segment);
      continue;
    }
    if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

const mergeSlashes = (path: string): string => path.replace(/\/{2,}/g, '/');

/**
 * The one spelling of a path that matching, metrics and log lines see, and claimed upstreams get. Most servers merge slashes
 * before they remove dot segments; `dots-first` is the other order.
 */
export function canonicalPath(
  raw: string,
  order: 'slashes-first' | 'dots-first' = 'slashes-first',
): string {
  const path = normaliseEncoding(raw);
  return order === 'slashes-first'
    ? removeDotSegments(mergeSlashes(path))
    : mergeSlashes(removeDotSegments(path));
}
