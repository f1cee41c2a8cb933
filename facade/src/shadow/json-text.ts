/** A number whose spelling JavaScript would not give back: too long for a double, or written with another exponent or fraction. */
export class Decimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** A name that an object holds more than once: readers disagree about which value counts. */
export class Repeated {
  readonly values: readonly Json[];
  constructor(values: readonly Json[]) {
    this.values = values;
  }
}
export type JsonObject = ReadonlyMap<string, Json>;
export type Json =
  null | boolean | number | string | Decimal | Repeated | readonly Json[] | JsonObject;

/** Deeper nesting is no document that anybody compares. */
const deepest = 1_000;

const code = {
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openList: 0x5b,
  backslash: 0x5c,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;
const isDigit = (at: number): boolean => at >= code.zero && at <= code.nine;
const words: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * JSON without loss: `JSON.parse` rounds numbers and keeps the last of several equal names, and so would call different answers
 * the same. Faster than its reviver, which is the other way to see how a number was written.
 */
class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws SyntaxError */
  document(): Json {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#refuse();
    return value;
  }

  #refuse(): never {
    throw new SyntaxError(`no JSON at character ${this.#at}`);
  }

  #space(): number {
    const text = this.#text;
    for (;;) {
      const next = text.charCodeAt(this.#at);
      if (next !== 0x20 && next !== 0x0a && next !== 0x0d && next !== 0x09) return next;
      this.#at++;
    }
  }

  #value(depth: number): Json {
    if (depth > deepest) this.#refuse();
    const next = this.#space();
    switch (next) {
      case code.quote:
        return this.#string();
      case code.openObject:
        return this.#object(depth);
      case code.openList:
        return this.#list(depth);
      default:
        return next === code.minus || isDigit(next) ? this.#number() : this.#word();
    }
  }

  #word(): Json {
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#refuse();
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    let plain = true;
    for (;;) {
      const next = text.charCodeAt(at++);
      if (next === code.quote) break;
      if (next === code.backslash) {
        plain = false;
        at++;
      }
      // NaN: the text is over
      if (!(next >= 0x20)) this.#refuse();
    }
    this.#at = at;
    return plain ? text.slice(start + 1, at - 1) : (JSON.parse(text.slice(start, at)) as string);
  }

  #digits(): void {
    const from = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#at === from) this.#refuse();
  }

  #number(): number | Decimal {
    const text = this.#text;
    const start = this.#at;
    const negative = text.charCodeAt(start) === code.minus;
    if (negative) this.#at++;
    const whole = this.#at;
    this.#digits();
    const leading = text.charCodeAt(whole) === code.zero;
    if (leading && this.#at > whole + 1) this.#refuse();
    // up to fifteen digits fit into a double, and have one spelling without exponent, closing zeros and the sign of nothing
    let exact = !(negative && leading);
    if (text.charCodeAt(this.#at) === code.dot) {
      this.#at++;
      this.#digits();
      exact &&= text.charCodeAt(this.#at - 1) !== code.zero;
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      exact = false;
      const sign = text.charCodeAt(++this.#at);
      if (sign === code.plus || sign === code.minus) this.#at++;
      this.#digits();
    }
    const spelled = text.slice(start, this.#at);
    return exact && this.#at - whole <= 15 ? Number(spelled) : new Decimal(spelled);
  }

  #list(depth: number): Json {
    const items: Json[] = [];
    this.#at++;
    if (this.#space() === code.closeList) {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      const next = this.#space();
      if (next !== code.comma && next !== code.closeList) this.#refuse();
      this.#at++;
      if (next === code.closeList) return items;
    }
  }

  #object(depth: number): Json {
    const entries = new Map<string, Json>();
    this.#at++;
    if (this.#space() === code.closeObject) {
      this.#at++;
      return entries;
    }
    for (;;) {
      if (this.#space() !== code.quote) this.#refuse();
      const name = this.#string();
      if (this.#space() !== code.colon) this.#refuse();
      this.#at++;
      const value = this.#value(depth + 1);
      const known = entries.get(name);
      if (known === undefined) entries.set(name, value);
      else if (known instanceof Repeated) entries.set(name, new Repeated([...known.values, value]));
      else entries.set(name, new Repeated([known, value]));
      const next = this.#space();
      if (next !== code.comma && next !== code.closeObject) this.#refuse();
      this.#at++;
      if (next === code.closeObject) return entries;
    }
  }
}

/** @throws SyntaxError for what is no JSON */
export const readJson = (text: string): Json => new JsonReader(text).document();
