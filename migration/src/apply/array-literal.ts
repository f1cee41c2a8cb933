const special = /["\\]/;
const specials = /["\\]/g;

/**
 * One element of an array in PostgreSQL's text form. Every value is quoted: that keeps the text NULL, the empty string, commas
 * and blanks what they are.
 */
const arrayElement = (value: string | null): string =>
  value === null
    ? 'NULL'
    : special.test(value)
      ? `"${value.replace(specials, '\\$&')}"`
      : `"${value}"`;

/** A list of values as PostgreSQL's array in text form. */
export const arrayLiteral = (values: readonly (string | null)[]): string =>
  needsNoEscape(values) ? `{"${values.join('","')}"}` : `{${values.map(arrayElement).join(',')}}`;

/** Looking at all of them at once makes no text per value; for large ones that would need more memory than it saves time. */
function needsNoEscape(values: readonly (string | null)[]): boolean {
  let length = 0;
  for (const value of values) {
    if (value === null) return false;
    length += value.length;
  }
  return values.length > 0 && length < 1_000_000 && !special.test(values.join(''));
}
