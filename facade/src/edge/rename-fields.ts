/** Where a field stands, and its new name; parts and name as bytes in latin-1, the name as JSON writes it. */
export interface FieldRule {
  readonly path: readonly string[];
  readonly to: string;
}

export type Renamed =
  | { readonly kind: 'renamed'; readonly text: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'not-json' | 'collision' };

/** Deeper nesting is no document that anybody renames fields in. */
const deepest = 1_000;
const asBytes = (text: string): string => Buffer.from(text).toString('latin1');

// { "/items/*/unit_price": "unitPrice" }: pointers as in the rules of a comparison; `*` is any name or index.
export const fieldRules = (renames: Readonly<Record<string, string>>): readonly FieldRule[] =>
  Object.entries(renames).map(([pointer, to]) => ({
    path: pointer
      .split('/')
      .slice(1)
      .map((part) => asBytes(part.replaceAll('~1', '/').replaceAll('~0', '~'))),
    to: asBytes(JSON.stringify(to)),
  }));

class Refused extends Error {
  readonly kind: 'not-json' | 'collision';
  constructor(kind: Refused['kind']) {
    super(kind);
    this.kind = kind;
  }
}

const none: readonly FieldRule[] = [];
const below = (rules: readonly FieldRule[], name: string): readonly FieldRule[] => {
  const inner = rules.flatMap(({ path: [first, ...rest], to }) =>
    rest.length > 0 && (first === '*' || first === name) ? [{ path: rest, to }] : [],
  );
  return inner.length === 0 ? none : inner;
};

/** Goes over the text once and copies it, names aside: numbers, order, spaces and repeated names stay as they were written. */
class Renamer {
  readonly #text: string;
  #at = 0;
  #copied = 0;
  #out = '';

  constructor(text: string) {
    this.#text = text;
  }

  document(rules: readonly FieldRule[]): Renamed {
    this.#value(rules, 0);
    this.#space();
    if (this.#at < this.#text.length) throw new Refused('not-json');
    if (this.#copied === 0) return { kind: 'unchanged' };
    return { kind: 'renamed', text: this.#out + this.#text.slice(this.#copied) };
  }

  #space(): string | undefined {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#text[this.#at];
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new Refused('not-json');
    this.#at += found.length;
    return found;
  }

  #value(rules: readonly FieldRule[], depth: number): void {
    if (depth > deepest) throw new Refused('not-json');
    const next = this.#space();
    if (next === '{') this.#object(rules, depth);
    else if (next === '[') this.#list(rules, depth);
    else if (next === '"') this.#string();
    else this.#take(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
  }

  /** With its quotes. */
  #string(): string {
    const start = this.#at++;
    for (;;) {
      const next = this.#text.charCodeAt(this.#at++);
      if (next === 0x22) return this.#text.slice(start, this.#at);
      if (next === 0x5c) this.#at++;
      // NaN: the text is over
      if (!(next >= 0x20)) throw new Refused('not-json');
    }
  }

  /** What the name means, however it is written, as bytes. */
  #name(written: string): string {
    if (!written.includes('\\')) return written.slice(1, -1);
    try {
      return asBytes(JSON.parse(Buffer.from(written, 'latin1').toString()) as string);
    } catch {
      throw new Refused('not-json');
    }
  }

  #object(rules: readonly FieldRule[], depth: number): void {
    this.#at++;
    if (this.#space() === '}') return void this.#at++;
    const called = new Map<string, string>();
    for (;;) {
      if (this.#space() !== '"') throw new Refused('not-json');
      const start = this.#at;
      const name = this.#name(this.#string());
      if (rules.length > 0) this.#rename(rules, called, { name, start });
      if (this.#space() !== ':') throw new Refused('not-json');
      this.#at++;
      this.#value(rules.length > 0 ? below(rules, name) : none, depth + 1);
      if (this.#ends('}')) return;
    }
  }

  /** Two names that become one would be read as one thing here and as another there. */
  #rename(
    rules: readonly FieldRule[],
    called: Map<string, string>,
    { name, start }: { readonly name: string; readonly start: number },
  ): void {
    const rule = rules.find(({ path }) => path.length === 1 && path[0] === name);
    const result = rule ? this.#name(rule.to) : name;
    if ((called.get(result) ?? name) !== name) throw new Refused('collision');
    called.set(result, name);
    if (!rule) return;
    this.#out += this.#text.slice(this.#copied, start) + rule.to;
    this.#copied = this.#at;
  }

  #list(rules: readonly FieldRule[], depth: number): void {
    this.#at++;
    if (this.#space() === ']') return void this.#at++;
    for (let index = 0; ; index++) {
      this.#value(rules.length > 0 ? below(rules, String(index)) : none, depth + 1);
      if (this.#ends(']')) return;
    }
  }

  #ends(close: string): boolean {
    const next = this.#space();
    if (next !== ',' && next !== close) throw new Refused('not-json');
    this.#at++;
    return next === close;
  }
}

/** `text`: a JSON document, its bytes as latin-1. */
export function renameFields(text: string, rules: readonly FieldRule[]): Renamed {
  try {
    return new Renamer(text).document(rules);
  } catch (error) {
    if (error instanceof Refused) return { kind: error.kind };
    throw error;
  }
}
