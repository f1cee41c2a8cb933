const special = /["\\]/;
const specials = /["\\]/g;

/**
 * One element of an array in PostgreSQL's text form. Every value is quoted: that keeps the text NULL, the empty string, commas
 * and blanks what they are.
 */
export const arrayElement = (value: string | null): string =>
  value === null ? 'NULL' : special.test(value) ? `"${value.replace(specials, '\\$&')}"` : `"${value}"`;

/** A list of values as PostgreSQL's array in text form. */
export const arrayLiteral = (values: readonly (string | null)[]): string => `{${values.map(arrayElement).join(',')}}`;
