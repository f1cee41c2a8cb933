export type CanonicalTarget =
  | { readonly ok: true; readonly path: string; readonly search: string }
  | { readonly ok: false; readonly reason: string };

const refuse = (reason: string): CanonicalTarget => ({ ok: false, reason });
const unreserved = /[A-Za-z0-9\-._~]/;

/** Unreserved characters lose their encoding, other encodings get upper-case digits: two spellings of one path become one. */
const normaliseEncoding = (path: string): string =>
  path
    .replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
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
      if (segment !== '' || last) kept.push(segment);
      continue;
    }
    if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/**
 * The one spelling of a request target that matching, metrics and the upstream see. Whatever two servers could read
 * differently (encoded slashes, backslashes, NUL, absolute form) is refused instead of guessed. The query is left alone.
 */
export function canonicalTarget(target: string): CanonicalTarget {
  if (!target.startsWith('/'))
    return refuse(
      target === '*'
        ? 'the request target * is not supported'
        : 'the request target must be a path',
    );
  if (target.includes('#')) return refuse('the request target has a fragment');
  const cut = target.indexOf('?');
  const raw = cut === -1 ? target : target.slice(0, cut);
  const search = cut === -1 ? '' : target.slice(cut);
  if (/\\|%5c/i.test(raw)) return refuse('the path has a backslash');
  if (/%2f/i.test(raw)) return refuse('the path has an encoded slash');
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f]|%(?:[01][0-9a-f]|7f)/i.test(raw))
    return refuse('the path has a control character');
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return refuse('the path has a broken percent encoding');
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(search)) return refuse('the query has a control character');
  const merged = normaliseEncoding(raw).replace(/\/{2,}/g, '/');
  return { ok: true, path: removeDotSegments(merged), search };
}
