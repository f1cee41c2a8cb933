import { describedBy, type Describes, listOf } from './described.ts';
import { isObject, type Json } from './document.ts';

export interface Held {
  readonly resolve: (value: unknown) => Json;
  /** false: an example names only what its client reads, so what is missing says nothing. */
  readonly complete: boolean;
  /** Hears of what cannot be judged. */
  readonly passOver: (said: string) => void;
  /** What other parts of a composition describe of the same value. */
  readonly beside?: Describes;
}

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
  const { beside = nothing, ...within } = held;
  const besides = (rest: Json): Held => ({
    ...within,
    beside: either(beside, describedBy(rest, held.resolve)),
  });
  for (const kind of ['anyOf', 'oneOf'] as const) {
    const alternatives = listOf(said[kind]);
    const nearest = nearestOf(alternatives, { value, at }, besides({ ...said, [kind]: [] }));
    if (nearest.length > 0) return nearest;
  }
  const all = listOf(said.allOf).flatMap((each, index, branches) =>
    conforms(each, value, at, besides({ ...said, allOf: branches.toSpliced(index, 1) })),
  );
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
  if (typeof value === 'string') return [...all, ...textConforms(said, value, at, held)];
  if (Array.isArray(value))
    return [
      ...all,
      ...value.flatMap((each, index) => conforms(said.items, each, `${at}[${index}]`, within)),
    ];
  const own = isObject(value) ? objectConforms(said, value, at, besides(said)) : [];
  return [...new Set([...all, ...own])];
}

const nothing: Describes = () => false;
const either =
  (one: Describes, other: Describes): Describes =>
  (name) =>
    one(name) || other(name);

/** What came nearest is what was meant; empty where one of the alternatives holds, or several that describe a part each. */
function nearestOf(
  alternatives: readonly unknown[],
  { value, at }: { readonly value: unknown; readonly at: string },
  held: Held,
): string[] {
  const judge = (each: unknown, beside: Describes | undefined): string[] =>
    conforms(each, value, at, { ...held, ...(beside && { beside }) });
  const tried = alternatives.map((each) => judge(each, held.beside));
  if (tried.some((each) => each.length === 0)) return [];
  const holding = alternatives.filter((each) => judge(each, () => true).length === 0);
  const together = describedBy({ allOf: holding }, held.resolve);
  if (holding.some((each) => judge(each, either(held.beside ?? nothing, together)).length === 0))
    return [];
  return tried.toSorted((a, b) => deepest(b) - deepest(a) || strange(a) - strange(b))[0] ?? [];
}

const deepest = (differences: readonly string[]): number =>
  Math.max(0, ...differences.map((each) => (each.split(' ')[0] ?? '').length));

const strange = (differences: readonly string[]): number =>
  differences.filter((each) => each.endsWith(' is not described')).length;

function textConforms(
  { pattern, format }: Json,
  value: string,
  at: string,
  { passOver }: Held,
): string[] {
  if (typeof pattern === 'string') {
    const form = compiled(pattern);
    if (form === undefined)
      passOver(`${at} is not held against ${pattern}, which is no regular expression here`);
    else if (!form.test(value)) return [`${at} is ${shown(value)}, not of the form ${pattern}`];
  }
  const known = typeof format === 'string' ? formats[format] : undefined;
  return known && !known.test(value) ? [`${at} is ${shown(value)}, not a ${String(format)}`] : [];
}

/** Many patterns that people write are legal only in the lenient grammar. */
function compiled(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // The next grammar may know it.
    }
  }
  return undefined;
}

function objectConforms(
  schema: Json,
  value: Json,
  at: string,
  { beside = nothing, ...held }: Held,
): string[] {
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
        isObject(further) ||
        further === true ||
        // Forbidden here is forbidden, whatever another part describes.
        (further !== false && beside(name)) ||
        Object.keys(properties).length === 0;
      return promised ? conforms(further, each, place, held) : [`${place} is not described`];
    }),
  ];
}
