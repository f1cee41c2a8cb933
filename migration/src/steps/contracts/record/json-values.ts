/** A number as it was written: `1.0` is no integer to a strict reader, and 2^60 none to a lossy one. */
export class Numeral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue =
  null | boolean | string | Numeral | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JsonKind = 'null' | 'boolean' | 'text' | 'number' | 'list' | 'object';

export function kindOf(value: JsonValue): JsonKind {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'text';
  if (value instanceof Numeral) return 'number';
  return Array.isArray(value) ? 'list' : 'object';
}

/** Node's reviver is told how a number was written; TypeScript's types do not say so yet. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** undefined when it is no JSON. */
export function jsonOf(text: string): JsonValue | undefined {
  const numerals: Reviver = (_key, value, context) =>
    typeof value === 'number' ? new Numeral(context?.source ?? String(value)) : value;
  try {
    return JSON.parse(text, numerals) as JsonValue;
  } catch {
    return undefined;
  }
}
