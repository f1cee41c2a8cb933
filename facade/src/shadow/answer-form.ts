import { createHash } from 'node:crypto';
import type { MirroredRead } from './mirror.ts';
import type { Observed } from './difference.ts';
import { Decimal, type Json, readJson, Repeated } from './json-text.ts';
import { headerOf, isJson, mediaType, strictText } from './media-type.ts';
import { pointerCovered } from './pointer.ts';
import { namesSecret, scrub } from './scrub.ts';

/** What an answer looks like, without a value of it: contracts are drafted from such. */
export interface AnswerForm {
  readonly context: string;
  readonly route: string;
  readonly hash: string;
  readonly detail: Readonly<Record<string, unknown>>;
  answers: number;
}

export const answerFormKey = ({ context, route, hash }: AnswerForm): string =>
  `${context}\n${route}\n${hash}`;

/** Larger bodies are not looked at, and longer forms not kept: their status is. */
const largestBody = 65_536;
const longestForm = 16_384;
const mostItems = 5;
const deepest = 20;

type Masked = null | boolean | string | number | readonly Masked[] | { [key: string]: Masked };
const nothing = Symbol('nothing');

/** A text of the same form, which is nobody's. */
export function madeUp(text: string): string {
  if (text === '') return '';
  if (/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text))
    return '00000000-0000-4000-8000-000000000000';
  const zeros = (digits = ''): string => digits.replaceAll(/\d/g, '0');
  const time = /^\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (time) {
    const zone = time[3] === undefined || time[3] === 'Z' ? (time[3] ?? '') : '+00:00';
    return `2000-01-31${time[1]}12:00:00${zeros(time[2])}${zone}`;
  }
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return '2000-01-31';
  const clock = /^\d\d:\d\d(:\d\d)?$/.exec(text);
  if (clock) return clock[1] === undefined ? '12:00' : '12:00:00';
  const decimal = /^-?\d+(\.\d{1,20})?$/.exec(text);
  if (decimal) return `1${zeros(decimal[1])}`;
  return 'text';
}

/** A name of a field; what a map is keyed by may be somebody's. */
const isFieldName = (key: string): boolean =>
  /^[A-Za-z_$@][\w $@:.-]{0,63}$/.test(key) &&
  scrub(key) === key &&
  !/\d(?:[a-z]*\d){3}/i.test(key);

/** Words that the route shows in its samples anyway: what a draft may take for an enum. */
const isShown = (value: string, at: string, shown: readonly string[]): boolean =>
  /^[A-Za-z]+(?:[_-][A-Za-z]+)*$/.test(value) &&
  value.length <= 40 &&
  shown.includes(at) &&
  !at.split('/').some(namesSecret);

function masked(value: Json, at: string, shown: readonly string[]): Masked | typeof nothing {
  if (value === null) return null;
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isInteger(value) ? 1 : 1.5;
  if (value instanceof Decimal) return /^-?\d+$/.test(value.text) ? 1 : 1.5;
  if (typeof value === 'string') return isShown(value, at, shown) ? value : madeUp(value);
  if (value instanceof Repeated || at.split('/').length > deepest) return nothing;
  if (isList(value)) {
    const items = new Map<string, Masked>();
    for (const item of value) {
      const one = masked(item, `${at}/*`, shown);
      if (one !== nothing) items.set(JSON.stringify(one), one);
      if (items.size === mostItems) break;
    }
    return [...items.values()];
  }
  const fields: [string, Masked][] = [];
  for (const [key, inner] of value) {
    const one = isFieldName(key) ? masked(inner, `${at}/${key}`, shown) : nothing;
    if (one !== nothing) fields.push([key, one]);
  }
  return Object.fromEntries(fields);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function maskedBody(answer: Observed, shown: readonly string[]): string | undefined {
  if (!isJson(mediaType(answer)) || answer.body.length > largestBody) return undefined;
  const text = strictText(answer);
  if (text === undefined) return undefined;
  try {
    const form = masked(readJson(text), '', shown);
    const said = form === nothing ? undefined : JSON.stringify(form);
    return said !== undefined && said.length <= longestForm ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Of a read and what it was answered. Names of its query stay, its path and all values do not. */
export function answerForm(read: MirroredRead, answer: Observed): AnswerForm {
  const { definition, context } = read.route;
  const { show = [], redact = [] } = definition.compare ?? {};
  const body = maskedBody(
    answer,
    show.filter((at) => !pointerCovered([...redact], at)),
  );
  const type = headerOf(answer, 'content-type');
  const detail = {
    method: read.method,
    query: [...new Set(new URLSearchParams(read.target.search).keys())].map(scrub).sort(),
    signedIn: ['authorization', 'cookie'].filter((name) => read.headers[name] !== undefined),
    status: answer.status,
    ...(type !== undefined && { contentType: scrub(type) }),
    ...(headerOf(answer, 'location') !== undefined && { redirects: true }),
    ...(body !== undefined && { body }),
  };
  const hash = createHash('sha256').update(JSON.stringify(detail)).digest('hex').slice(0, 32);
  return { context, route: definition.name, hash, detail, answers: 1 };
}

/** A few answers of each route and status a second are looked at: all of a rare one, and never many. */
export class FormPace {
  readonly #perSecond: number;
  readonly #seen = new Map<string, { second: number; count: number }>();

  constructor(perSecond = 2) {
    this.#perSecond = perSecond;
  }

  allows(key: string, now = performance.now()): boolean {
    const second = Math.floor(now / 1_000);
    const known = this.#seen.get(key);
    if (known?.second !== second) {
      this.#seen.set(key, { second, count: 1 });
      return true;
    }
    known.count += 1;
    return known.count <= this.#perSecond;
  }
}
