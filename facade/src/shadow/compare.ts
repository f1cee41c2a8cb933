import { createHash } from 'node:crypto';
import type { RouteDefinition } from '@strangler-toolkit/plan';

export interface Observed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Decoded. */
  readonly body: Buffer;
}
export interface Difference {
  /** `status`, `header:…`, `body`, or a JSON pointer. */
  readonly path: string;
  readonly reference: unknown;
  readonly candidate: unknown;
}
type Rules = NonNullable<RouteDefinition['compare']>;
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const maxDifferences = 50;
export const absent = '(absent)';

const segments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
/** A rule for a value is a rule for all that is inside it; `*` stands for one key or index. */
const covers = (rule: readonly string[], path: readonly string[]): boolean =>
  rule.length <= path.length && rule.every((part, index) => part === '*' || part === path[index]);
const equalsRule = (rule: readonly string[], path: readonly string[]): boolean =>
  rule.length === path.length && covers(rule, path);
export const pointerCovered = (rules: readonly string[], pointer: string): boolean =>
  rules.some((rule) => covers(segments(rule), segments(pointer)));
const toPointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Integers beyond 2^53 keep their digits: two different ids must not round to one. */
function parseJson(text: string): Json {
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    return typeof value === 'number' &&
      source !== undefined &&
      !Number.isSafeInteger(value) &&
      /^-?\d+$/.test(source)
      ? `#${source}`
      : value;
  };
  return JSON.parse(text, revive) as Json;
}

const canonical = (value: Json): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

class JsonComparison {
  readonly differences: Difference[] = [];
  readonly #ignored: readonly (readonly string[])[];
  readonly #unordered: readonly (readonly string[])[];

  constructor(rules: Rules) {
    this.#ignored = (rules.ignore ?? []).map((rule) => segments(rule.path));
    this.#unordered = (rules.unordered ?? []).map(segments);
  }

  #note(path: readonly string[], reference: unknown, candidate: unknown): void {
    if (this.differences.length < maxDifferences)
      this.differences.push({ path: toPointer(path), reference, candidate });
  }

  compare(path: readonly string[], reference: Json | undefined, candidate: Json | undefined): void {
    if (this.#ignored.some((rule) => covers(rule, path))) return;
    if (Array.isArray(reference) && Array.isArray(candidate))
      this.#array(path, reference, candidate);
    else if (isObject(reference) && isObject(candidate)) {
      for (const key of new Set([...Object.keys(reference), ...Object.keys(candidate)])) {
        this.compare(
          [...path, key],
          Object.hasOwn(reference, key) ? reference[key] : undefined,
          Object.hasOwn(candidate, key) ? candidate[key] : undefined,
        );
      }
    } else if (reference !== candidate)
      this.#note(
        path,
        reference ?? (reference === null ? null : absent),
        candidate ?? (candidate === null ? null : absent),
      );
  }

  #array(path: readonly string[], reference: readonly Json[], candidate: readonly Json[]): void {
    const unordered = this.#unordered.some((rule) => equalsRule(rule, path));
    const order = (items: readonly Json[]): readonly Json[] =>
      unordered
        ? items
            .map((item) => ({ item, key: this.#sortKey(path, item) }))
            .sort((a, b) => (a.key < b.key ? -1 : 1))
            .map(({ item }) => item)
        : items;
    const left = order(reference);
    const right = order(candidate);
    for (let index = 0; index < Math.max(left.length, right.length); index++)
      this.compare([...path, String(index)], left[index], right[index]);
  }

  /** Ignored fields must not decide about the order. */
  #sortKey(path: readonly string[], item: Json): string {
    const strip = (at: readonly string[], value: Json): Json => {
      if (this.#ignored.some((rule) => covers(rule, at))) return null;
      if (Array.isArray(value)) return value.map((inner: Json) => strip([...at, '*'], inner));
      return isObject(value)
        ? Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [key, strip([...at, key], inner)]),
          )
        : value;
    };
    return canonical(strip([...path, '*'], item));
  }
}
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const header = (observed: Observed, name: string): string => {
  const value = observed.headers[name.toLowerCase()];
  return value === undefined ? absent : typeof value === 'string' ? value : value.join(', ');
};
const mediaType = (observed: Observed): string =>
  (header(observed, 'content-type').split(';')[0] ?? '').trim().toLowerCase();
const isJson = (type: string): boolean => type === 'application/json' || type.endsWith('+json');
const digest = (body: Buffer): string =>
  `sha256:${createHash('sha256').update(body).digest('hex').slice(0, 16)} (${body.length} bytes)`;

/** What differs between two answers, by the route's rules: status, media type, chosen headers, JSON by structure, other bodies by hash. */
export function compareAnswers(
  reference: Observed,
  candidate: Observed,
  rules: Rules = {},
): readonly Difference[] {
  const differences: Difference[] = [];
  if (reference.status !== candidate.status)
    differences.push({ path: 'status', reference: reference.status, candidate: candidate.status });
  const type = mediaType(reference);
  if (type !== mediaType(candidate))
    differences.push({
      path: 'header:content-type',
      reference: type,
      candidate: mediaType(candidate),
    });
  for (const name of rules.headers ?? []) {
    if (header(reference, name) !== header(candidate, name))
      differences.push({
        path: `header:${name.toLowerCase()}`,
        reference: header(reference, name),
        candidate: header(candidate, name),
      });
  }
  return [
    ...differences,
    ...compareBodies(
      reference.body,
      candidate.body,
      isJson(type) && isJson(mediaType(candidate)),
      rules,
    ),
  ];
}

function compareBodies(
  reference: Buffer,
  candidate: Buffer,
  json: boolean,
  rules: Rules,
): readonly Difference[] {
  if (reference.equals(candidate)) return [];
  if (json) {
    try {
      const comparison = new JsonComparison(rules);
      comparison.compare(
        [],
        parseJson(reference.toString('utf8')),
        parseJson(candidate.toString('utf8')),
      );
      return comparison.differences;
    } catch {
      // says JSON and is not: compared like any other body
    }
  }
  return [{ path: 'body', reference: digest(reference), candidate: digest(candidate) }];
}
