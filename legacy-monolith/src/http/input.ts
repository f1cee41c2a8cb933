export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export const asFields = (body: unknown): Fields | undefined =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body))
    : undefined;

const MAX_BIGINT = 9_223_372_036_854_775_807n;
/** A positive bigint as text, or undefined. Ids are never JS numbers here: they begin beyond 2^53. */
export function parseId(text: unknown): string | undefined {
  if (typeof text !== 'string' || !/^\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > 0n && value <= MAX_BIGINT ? value.toString() : undefined;
}

export const isMoney = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{1,10}(\.\d{1,2})?$/.test(value);
export const isSignedMoney = (value: unknown): value is string =>
  typeof value === 'string' && /^-?\d{1,10}(\.\d{1,2})?$/.test(value);
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
export const isDate = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString().startsWith(value);
export const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max && !value.includes('\0');

/** A query parameter as a whole number within bounds; a wrong one is an undefined, a missing one the default. */
export function wholeNumber(
  value: unknown,
  low: number,
  high: number,
  fallback: number,
): number | undefined {
  if (value === undefined) return fallback;
  if (typeof value !== 'string' || !/^\d{1,6}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= low && number <= high ? number : undefined;
}
