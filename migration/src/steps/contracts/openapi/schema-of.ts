import { isFieldName } from '../record/expected-body.ts';
import { type JsonKind, type JsonValue, kindOf, type Numeral } from '../record/json-values.ts';
import { formOf } from '../record/text-form.ts';

/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 holds them. */
export type Schema = Readonly<Record<string, unknown>>;

export interface SchemaNote {
  readonly at: string;
  readonly note: string;
}

type Objects = Readonly<Record<string, JsonValue>>[];

/**
 * What all of these values keep, and what some of them hold besides: a field that was not always there is none that is required.
 * No value of them stands in it but words of an enum, which are told.
 */
export function schemaOf(values: readonly JsonValue[], notes: SchemaNote[]): Schema {
  return schemaAt(values, { at: '$', field: '' }, notes);
}

interface Place {
  readonly at: string;
  readonly field: string;
}

function schemaAt(values: readonly JsonValue[], place: Place, notes: SchemaNote[]): Schema {
  const of = <K extends JsonKind>(kind: K): JsonValue[] =>
    values.filter((value) => kindOf(value) === kind);
  const kinds = [...new Set(values.map(kindOf))].filter((kind) => kind !== 'null');
  const nullable = of('null').length > 0;
  const [kind] = kinds;
  if (kind === undefined) {
    if (nullable)
      notes.push({ at: place.at, note: 'always null: what else it may be is not known' });
    return {};
  }
  if (kinds.length > 1) {
    const anyOf = kinds.map((each) => ofKind(each, of(each), place, notes));
    return { anyOf: nullable ? [...anyOf, { type: 'null' }] : anyOf };
  }
  const schema = ofKind(kind, of(kind), place, notes);
  if (!nullable) return schema;
  // An enum of texts would refuse null.
  const { enum: words, ...rest } = schema;
  return {
    ...rest,
    type: [schema.type, 'null'],
    ...(Array.isArray(words) && { enum: [...(words as unknown[]), null] }),
  };
}

function ofKind(
  kind: JsonKind,
  values: readonly JsonValue[],
  place: Place,
  notes: SchemaNote[],
): Schema {
  switch (kind) {
    case 'object':
      return ofObjects(values as Objects, place, notes);
    case 'list': {
      const elements = (values as JsonValue[][]).flat();
      if (elements.length === 0) notes.push({ at: place.at, note: 'always empty' });
      return {
        type: 'array',
        items: schemaAt(elements, { ...place, at: `${place.at}[*]` }, notes),
      };
    }
    case 'text':
      return ofTexts(values as string[], place, notes);
    case 'number': {
      const whole = (values as Numeral[]).every(({ text }) => /^-?\d+$/.test(text));
      return { type: whole ? 'integer' : 'number' };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'null':
      return { type: 'null' };
  }
}

function ofObjects(values: Objects, { at }: Place, notes: SchemaNote[]): Schema {
  const keys = [...new Set(values.flatMap((value) => Object.keys(value)))];
  const fields = keys.filter(isFieldName);
  if (fields.length < keys.length)
    notes.push({ at: `${at}.*`, note: 'names that may be data are left out' });
  const having = (key: string): JsonValue[] =>
    values.filter((value) => Object.hasOwn(value, key)).map((value) => value[key] ?? null);
  const required = fields.filter((key) => having(key).length === values.length);
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map((key) => [key, schemaAt(having(key), { at: `${at}.${key}`, field: key }, notes)]),
    ),
    ...(required.length > 0 && { required }),
  };
}

const formats: Readonly<Record<string, string>> = { uuid: 'uuid', date: 'date' };
/** RFC 3339: another way to write a time has a pattern only. */
const instant = /T.*(?:Z|\+00:00)$/;

function ofTexts(texts: readonly string[], { at, field }: Place, notes: SchemaNote[]): Schema {
  const form = formOf(texts, field);
  if (form === undefined) return { type: 'string' };
  if (form.name === 'enum') {
    notes.push({ at, note: `taken for an enum: ${form.pattern}` });
    return { type: 'string', enum: [...new Set(texts)].sort() };
  }
  const format =
    form.name === 'date-time' && instant.test(form.example) ? 'date-time' : formats[form.name];
  return { type: 'string', ...(format === undefined ? { pattern: form.pattern } : { format }) };
}
