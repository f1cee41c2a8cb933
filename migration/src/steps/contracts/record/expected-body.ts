import { type JsonKind, type JsonValue, kindOf, type Numeral } from './json-values.ts';
import { formOf } from './text-form.ts';

/** One entry of a pact's `matchingRules.body`. */
export interface MatchingRule {
  readonly combine: 'AND' | 'OR';
  readonly matchers: readonly Readonly<Record<string, string | number>>[];
}

/** What a draft does not promise, and why; or what of it a person should look at. */
export interface BodyNote {
  readonly at: string;
  readonly note: string;
}

export interface ExpectedBody {
  /** Of the form that was seen, without a value that was. */
  readonly example: unknown;
  readonly rules: Readonly<Record<string, MatchingRule>>;
  readonly notes: readonly BodyNote[];
}

type ObjectValue = Readonly<Record<string, JsonValue>>;

/** Written as `.name`, or in brackets; what neither can hold is left out. */
const plainKey = /^[A-Za-z_]\w*$/;
const bracketedKey = /^[\w \-:/.]+$/;
/** Of a map by what somebody has: numbers, uuids, and long keys in which letters and digits take turns. */
const isSomebodys = (key: string): boolean =>
  /^\d+$/.test(key) ||
  /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i.test(key) ||
  (key.length >= 16 && (key.match(/\d(?=[a-z])|[a-z](?=\d)/gi) ?? []).length > 3);
/** Whether a key is a field's name; another one may be data. */
export const isFieldName = (key: string): boolean =>
  (plainKey.test(key) || bracketedKey.test(key)) && !isSomebodys(key);
const nothing = Symbol('nothing to promise');

/** The rule that all of the values keep, for every place that all of them have. Examples are made up. */
class Inference {
  readonly rules = new Map<string, MatchingRule>();
  readonly notes: BodyNote[] = [];

  /** The example, or `nothing` when the values have too little in common. */
  of(values: readonly JsonValue[], at: string, field: string): unknown {
    const known = values.filter((value) => value !== null);
    const nulls = values.length - known.length;
    if (known.length === 0) return this.#leaveOut(at, 'always null');
    const kinds = new Set(known.map(kindOf));
    if (kinds.size > 1)
      return this.#leaveOut(at, `of several kinds: ${[...kinds].sort().join(', ')}`);
    const [kind] = kinds as Set<Exclude<JsonKind, 'null'>>;
    if (nulls > 0 && (kind === 'object' || kind === 'list'))
      return this.#leaveOut(at, `null in ${nulls} of ${values.length}`);
    switch (kind) {
      case 'object':
        return this.#object(known as ObjectValue[], at);
      case 'list':
        return this.#list(known as JsonValue[][], at, field);
      case 'text':
        return this.#text(known as string[], { at, field, nullable: nulls > 0 });
      case 'number':
        return this.#number(known as Numeral[], at, nulls > 0);
      case 'boolean':
      case undefined:
        this.#rule(at, { match: 'type' }, nulls > 0);
        return true;
    }
  }

  #object(values: readonly ObjectValue[], at: string): unknown {
    const fields: [string, unknown][] = [];
    for (const key of new Set(values.flatMap((value) => Object.keys(value)))) {
      const place = plainKey.test(key) ? `${at}.${key}` : `${at}['${key}']`;
      if (!isFieldName(key)) {
        this.#leaveOut(`${at}.*`, 'a name that may be data, or that no rule can name');
        continue;
      }
      const having = values.filter((value) => Object.hasOwn(value, key));
      if (having.length < values.length) {
        this.#leaveOut(place, `absent in ${values.length - having.length} of ${values.length}`);
        continue;
      }
      const example = this.of(
        having.map((value) => value[key] ?? null),
        place,
        key,
      );
      if (example !== nothing) fields.push([key, example]);
    }
    return Object.fromEntries(fields);
  }

  #list(values: readonly (readonly JsonValue[])[], at: string, field: string): unknown {
    const elements = values.flat();
    if (elements.length === 0)
      return this.#leaveOut(at, 'always empty: what it holds is not known');
    const element = this.of(elements, `${at}[*]`, field);
    if (element === nothing) return nothing;
    this.#rule(
      at,
      { match: 'type', min: values.every((value) => value.length > 0) ? 1 : 0 },
      false,
    );
    return [element];
  }

  #text(
    values: readonly string[],
    { at, field, nullable }: { at: string; field: string; nullable: boolean },
  ): unknown {
    const form = formOf(values, field);
    if (form === undefined) {
      this.#rule(at, { match: 'type' }, nullable);
      return 'text';
    }
    if (form.name === 'enum') this.notes.push({ at, note: `taken for an enum: ${form.pattern}` });
    const regex = { match: 'regex', regex: form.pattern };
    // A pattern of digits is also met by a number, as it is written. Beside null only one of the two can be said.
    if (form.name !== 'decimal') this.#rule(at, regex, nullable);
    else if (nullable) this.#rule(at, { match: 'type' }, true);
    else this.rules.set(at, { combine: 'AND', matchers: [{ match: 'type' }, regex] });
    return form.example;
  }

  #number(values: readonly Numeral[], at: string, nullable: boolean): unknown {
    // Beyond 64 bits, and as -0, a verifier reads it as a number with a point.
    const whole = values.every(({ text }) => /^(?:0|-?[1-9]\d{0,17})$/.test(text));
    this.#rule(at, { match: whole ? 'integer' : 'number' }, nullable);
    return whole ? 1 : 1.5;
  }

  #rule(at: string, matcher: MatchingRule['matchers'][number], nullable: boolean): void {
    this.rules.set(
      at,
      nullable
        ? { combine: 'OR', matchers: [matcher, { match: 'null' }] }
        : { combine: 'AND', matchers: [matcher] },
    );
  }

  #leaveOut(at: string, note: string): typeof nothing {
    this.notes.push({ at, note });
    return nothing;
  }
}

/**
 * What every one of these bodies keeps: types, forms, lists with what they hold. Fields that are not always there are not promised,
 * but told. undefined when they have nothing in common that a pact could say.
 */
export function expectedBody(bodies: readonly JsonValue[]): ExpectedBody | undefined {
  const inference = new Inference();
  const example = inference.of(bodies, '$', '');
  if (example === nothing) return undefined;
  return { example, rules: Object.fromEntries(inference.rules), notes: inference.notes };
}
