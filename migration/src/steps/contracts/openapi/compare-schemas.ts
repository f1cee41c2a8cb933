import { isObject, type Json } from './document.ts';

export type SchemaChange =
  | 'field-missing'
  | 'field-optional'
  | 'field-required'
  | 'type-changed'
  | 'form-changed'
  | 'values-changed';

export interface SchemaDifference {
  readonly kind: SchemaChange;
  /** `$.items[].price` */
  readonly at: string;
  readonly before: string;
  readonly after: string;
}

export interface Both {
  readonly before: unknown;
  readonly after: unknown;
}
interface Resolvers {
  readonly before: (value: unknown) => Json;
  readonly after: (value: unknown) => Json;
}

/** JSON types that a schema allows; alternatives together, null among them. */
function typesOf(schema: Json, resolve: (value: unknown) => Json): string[] {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0)
    return alternatives.flatMap((each) => typesOf(resolve(each), resolve));
  const said = Array.isArray(schema.type) ? schema.type : [schema.type];
  const types = said.filter((type): type is string => typeof type === 'string');
  return schema.nullable === true ? [...types, 'null'] : types;
}
const alternativesOf = ({ anyOf, oneOf }: Json): unknown[] =>
  Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];

/** The one alternative that is not null, else the schema itself. */
function shapeOf(schema: Json, resolve: (value: unknown) => Json): Json {
  const shapes = alternativesOf(schema)
    .map(resolve)
    .filter(({ type }) => type !== 'null');
  return shapes.length === 1 ? (shapes[0] ?? schema) : schema;
}

const written = (values: readonly unknown[]): string =>
  [...new Set(values.map(String))].sort().join('|');
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const propertiesOf = ({ properties }: Json): Json => (isObject(properties) ? properties : {});

/**
 * What breaks whoever relies on `before`: of an answer, what is gone or may be otherwise; of a request, what is asked for besides
 * or no longer taken.
 */
export function compareSchemas(
  both: Both,
  direction: 'answer' | 'request',
  resolve: Resolvers,
): SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  const tell = (kind: SchemaChange, at: string, before: string, after: string): void =>
    void differences.push({ kind, at, before, after });
  // Documents may refer to themselves: deeper than this nobody writes by hand.
  const walk = ({ before, after }: Both, at: string, depth: number): void => {
    if (depth > 12) return;
    const [old, now] = [resolve.before(before), resolve.after(after)];
    const types = { old: typesOf(old, resolve.before), now: typesOf(now, resolve.after) };
    // Whoever gives may give less than was promised, whoever takes may take more.
    const [given, taken] = direction === 'answer' ? [types.now, types.old] : [types.old, types.now];
    const fits = (type: string): boolean =>
      taken.includes(type) || (type === 'integer' && taken.includes('number'));
    if (taken.length > 0 && (given.length === 0 || !given.every(fits))) {
      tell('type-changed', at, written(types.old), written(types.now) || 'anything');
      return;
    }
    const [a, b] = [shapeOf(old, resolve.before), shapeOf(now, resolve.after)];
    if (a.pattern !== b.pattern || a.format !== b.format)
      tell('form-changed', at, written([a.format ?? a.pattern]), written([b.format ?? b.pattern]));
    const values = { old: listOf(a.enum), now: listOf(b.enum) };
    const [gives, takes] =
      direction === 'answer' ? [values.now, values.old] : [values.old, values.now];
    if (takes.length > 0 && (gives.length === 0 || gives.some((each) => !takes.includes(each))))
      tell('values-changed', at, written(values.old), written(values.now) || 'any');
    fields(a, b, at, depth);
    if (a.items !== undefined && b.items !== undefined)
      walk({ before: a.items, after: b.items }, `${at}[]`, depth + 1);
  };
  const fields = (a: Json, b: Json, at: string, depth: number): void => {
    const [old, now] = [propertiesOf(a), propertiesOf(b)];
    const [was, is] = [listOf(a.required), listOf(b.required)];
    for (const name of Object.keys(old)) {
      if (now[name] !== undefined) {
        if (direction === 'answer' && was.includes(name) && !is.includes(name))
          tell('field-optional', `${at}.${name}`, 'always there', 'may be absent');
        walk({ before: old[name], after: now[name] }, `${at}.${name}`, depth + 1);
      } else if (direction === 'answer' || b.additionalProperties === false)
        tell('field-missing', `${at}.${name}`, 'there', 'gone');
    }
    if (direction === 'request')
      for (const name of is)
        if (!was.includes(name))
          tell('field-required', `${at}.${String(name)}`, 'may be absent', 'required');
  };
  walk(both, '$', 0);
  return differences;
}
