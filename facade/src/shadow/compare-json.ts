import { type NumberRule, numberKey, shownNumber } from './decimal.ts';
import type { Difference, Rules } from './difference.ts';
import { Decimal, type Json, type JsonObject, Repeated } from './json-text.ts';
import { covers, equalsRule, segments, toPointer } from './pointer.ts';

const maxDifferences = 50;
export const absent = '(absent)';

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;
const isNumber = (value: Json | undefined): value is number | Decimal =>
  typeof value === 'number' || value instanceof Decimal;

/** A number that the order of items and fields does not change, nor the spelling of numbers. */
function weight(value: Json): number {
  if (typeof value === 'string')
    return (
      (value.length << 8) +
      31 * (value.codePointAt(0) ?? 0) +
      (value.codePointAt(value.length - 1) ?? 0)
    );
  if (isNumber(value))
    return ((typeof value === 'number' ? value : Number(value.text)) * 1_000) | 0;
  let sum = 1;
  if (isList(value)) for (const item of value) sum = (sum + weight(item)) | 0;
  else if (isObject(value)) for (const item of value.values()) sum = (sum + weight(item)) | 0;
  return sum;
}

/** Two documents by structure: what differs, at which pointer. */
class JsonComparison {
  readonly differences: Difference[] = [];
  readonly #ignored: readonly (readonly string[])[];
  readonly #unordered: readonly (readonly string[])[];
  readonly #numbers: NumberRule;
  readonly #path: string[] = [];

  constructor(rules: Rules) {
    this.#ignored = (rules.ignore ?? [])
      .filter(({ path }) => path === '' || path.startsWith('/'))
      .map(({ path }) => segments(path));
    this.#unordered = (rules.unordered ?? []).map(segments);
    this.#numbers = rules.numbers ?? 'value';
  }

  compare(reference: Json | undefined, candidate: Json | undefined): void {
    if (this.#isIgnored(this.#path)) return;
    if (isList(reference) && isList(candidate)) this.#lists(reference, candidate);
    else if (isObject(reference) && isObject(candidate)) {
      for (const key of reference.keys()) this.#at(key, reference.get(key), candidate.get(key));
      for (const key of candidate.keys())
        if (!reference.has(key)) this.#at(key, undefined, candidate.get(key));
    } else if (!this.#same(reference, candidate)) this.#note(reference, candidate);
  }

  #isIgnored(path: readonly string[]): boolean {
    return this.#ignored.some((rule) => covers(rule, path));
  }

  #at(part: string, reference: Json | undefined, candidate: Json | undefined): void {
    this.#path.push(part);
    this.compare(reference, candidate);
    this.#path.pop();
  }

  #same(reference: Json | undefined, candidate: Json | undefined): boolean {
    if (reference === candidate) return true;
    if (isNumber(reference) && isNumber(candidate))
      return numberKey(reference, this.#numbers) === numberKey(candidate, this.#numbers);
    if (!(reference instanceof Repeated && candidate instanceof Repeated)) return false;
    return this.#key(this.#path, reference) === this.#key(this.#path, candidate);
  }

  #note(reference: Json | undefined, candidate: Json | undefined): void {
    if (this.differences.length >= maxDifferences) return;
    const [one, other] = [this.#shown(reference), this.#shown(candidate)];
    this.differences.push({ path: toPointer(this.#path), reference: one, candidate: other });
  }

  #shown(value: Json | undefined): unknown {
    if (value === undefined) return absent;
    if (isNumber(value)) return shownNumber(value, this.#numbers);
    if (value instanceof Repeated)
      return { '(several of this name)': value.values.map((each) => this.#shown(each)) };
    if (isList(value)) return value.map((item) => this.#shown(item));
    if (isObject(value))
      return Object.fromEntries([...value].map(([key, inner]) => [key, this.#shown(inner)]));
    return value;
  }

  #lists(reference: readonly Json[], candidate: readonly Json[]): void {
    const free = this.#unordered.some((rule) => equalsRule(rule, this.#path));
    const [left, right] = free
      ? [this.#sorted(reference), this.#sorted(candidate)]
      : [reference, candidate];
    const before = this.differences.length;
    for (let index = 0; index < Math.max(left.length, right.length); index++)
      this.#at(String(index), left[index], right[index]);
    if (this.differences.length === before || reference.length !== candidate.length) return;
    if (!this.#sameItems(reference, candidate)) return;
    this.differences.splice(before, Number.POSITIVE_INFINITY, {
      path: toPointer(this.#path),
      reference: `${reference.length} items`,
      candidate: 'the same items in another order',
      onlyOrder: true,
    });
  }

  #sameItems(reference: readonly Json[], candidate: readonly Json[]): boolean {
    // other items nearly always have another weight, which costs a tenth of their keys
    if (this.#ignored.length === 0 && weight(reference) !== weight(candidate)) return false;
    return this.#keys(reference).sort().join() === this.#keys(candidate).sort().join();
  }

  #keys(items: readonly Json[]): string[] {
    const path = [...this.#path, '*'];
    return items.map((item) => this.#key(path, item));
  }

  #sorted(items: readonly Json[]): readonly Json[] {
    const keys = this.#keys(items);
    return items
      .map((item, index) => ({ item, key: keys[index] ?? '' }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ item }) => item);
  }

  /** One text for all spellings of a value. Ignored fields must not decide about the order. */
  #key(path: readonly string[], value: Json): string {
    if (this.#isIgnored(path)) return 'null';
    if (isNumber(value)) return numberKey(value, this.#numbers);
    if (value instanceof Repeated)
      return `(${value.values.map((each) => this.#key(path, each)).join()})`;
    if (isList(value)) return `[${value.map((item) => this.#key([...path, '*'], item)).join()}]`;
    if (isObject(value)) {
      const fields = [...value.keys()].sort().map((key) => {
        const inner = value.get(key) ?? null;
        return `${JSON.stringify(key)}:${this.#key([...path, key], inner)}`;
      });
      return `{${fields.join()}}`;
    }
    return JSON.stringify(value);
  }
}

export function compareJson(reference: Json, candidate: Json, rules: Rules): readonly Difference[] {
  const comparison = new JsonComparison(rules);
  comparison.compare(reference, candidate);
  return comparison.differences;
}
