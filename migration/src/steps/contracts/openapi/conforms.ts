import { isObject, type Json } from './document.ts';

export interface Held {
  readonly resolve: (value: unknown) => Json;
  /** false: an example names only what its client reads, so what is missing says nothing. */
  readonly complete: boolean;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? 'nothing';

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const formats: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  'date-time': /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/i,
  uuid: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
};

/** Where a value is not what a schema of OpenAPI allows: `$.items[0].price is number, not string`. */
export function conforms(schema: unknown, value: unknown, at: string, held: Held): string[] {
  if (schema === undefined || schema === true) return [];
  const said = held.resolve(schema);
  if (value === null && said.nullable === true) return [];
  const alternatives = [...listOf(said.anyOf), ...listOf(said.oneOf)];
  if (alternatives.length > 0) {
    const tried = alternatives.map((each) => conforms(each, value, at, held));
    // What came nearest is what was meant.
    if (!tried.some((each) => each.length === 0))
      return tried.toSorted((a, b) => deepest(b) - deepest(a))[0] ?? [];
  }
  const all = listOf(said.allOf).flatMap((each) => conforms(each, value, at, held));
  const types = (Array.isArray(said.type) ? said.type : [said.type]).filter(
    (type) => typeof type === 'string',
  );
  const type = typeOf(value);
  if (
    types.length > 0 &&
    !types.includes(type) &&
    !(type === 'integer' && types.includes('number'))
  )
    return [...all, `${at} is ${type}, not ${types.join('|')}`];
  const values = 'const' in said ? [said.const] : listOf(said.enum);
  if (values.length > 0 && !values.some((each) => shown(each) === shown(value)))
    return [...all, `${at} is ${shown(value)}, not one of ${values.map(shown).join(', ')}`];
  if (typeof value === 'string') return [...all, ...textConforms(said, value, at)];
  if (Array.isArray(value))
    return [
      ...all,
      ...value.flatMap((each, index) => conforms(said.items, each, `${at}[${index}]`, held)),
    ];
  return isObject(value) ? [...all, ...objectConforms(said, value, at, held)] : all;
}

const deepest = (differences: readonly string[]): number =>
  Math.max(0, ...differences.map((each) => (each.split(' ')[0] ?? '').length));

function textConforms({ pattern, format }: Json, value: string, at: string): string[] {
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value))
    return [`${at} is ${shown(value)}, not of the form ${pattern}`];
  const known = typeof format === 'string' ? formats[format] : undefined;
  return known && !known.test(value) ? [`${at} is ${shown(value)}, not a ${String(format)}`] : [];
}

function objectConforms(schema: Json, value: Json, at: string, held: Held): string[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const further = schema.additionalProperties;
  const missing = held.complete
    ? listOf(schema.required).filter((name) => !Object.hasOwn(value, String(name)))
    : [];
  return [
    ...missing.map((name) => `${at}.${String(name)} is missing`),
    ...Object.entries(value).flatMap(([name, each]) => {
      const place = `${at}.${name}`;
      if (Object.hasOwn(properties, name)) return conforms(properties[name], each, place, held);
      // Not forbidden is not promised: a client that reads it relies on luck.
      const promised =
        isObject(further) || further === true || Object.keys(properties).length === 0;
      return promised ? conforms(further, each, place, held) : [`${place} is not described`];
    }),
  ];
}
