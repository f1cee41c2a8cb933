import { hash } from 'node:crypto';
import { bothSides, type Side } from '@strangler-toolkit/plan';
import type { IncomingHttpHeaders } from 'node:http';
import { type FieldRule, fieldRules } from './rename-fields.ts';
import type { RewriteRule } from './rewrite-rules.ts';
import { type NamedRoute, ruleFor } from './which-routes.ts';

export interface MessageRewrite {
  /** Names and values in turn. */
  readonly set: readonly string[];
  /** In lower case: what is removed, and what is set. */
  readonly without: ReadonlySet<string>;
  readonly fields: readonly FieldRule[];
}

/** One side's rules for one route, ready to be used. */
export interface Rewrite {
  readonly request: MessageRewrite;
  readonly answer: MessageRewrite;
  readonly maxBytes: number;
  readonly refuses: boolean;
  /** Stands in entity tags of answers whose fields have other names: other rules, other bytes, another tag. */
  readonly mark: string;
}
export type Rewrites = Readonly<Record<Side, Rewrite | undefined>>;

const lower = (name: string): string => name.toLowerCase();

function messageOf(rule: RewriteRule['request']): MessageRewrite {
  const { setHeaders = {}, removeHeaders = [], renameFields = {} } = rule ?? {};
  return {
    set: Object.entries(setHeaders).flat(),
    without: new Set([...removeHeaders, ...Object.keys(setHeaders)].map(lower)),
    fields: fieldRules(renameFields),
  };
}

const rewriteOf = (rule: RewriteRule): Rewrite => ({
  request: messageOf(rule.request),
  answer: messageOf(rule.answer),
  maxBytes: rule.maxBytes,
  refuses: rule.otherwise === 'refuse',
  mark: `~${hash('sha256', JSON.stringify(rule.answer?.renameFields ?? {}), 'hex').slice(0, 8)}`,
});

/** Undefined: neither side's messages are touched. */
export function rewritesOf(
  rules: readonly RewriteRule[] | undefined,
  route: NamedRoute | undefined,
): Rewrites | undefined {
  const of = (side: Side): Rewrite | undefined => {
    const rule = ruleFor(
      rules?.filter((one) => (one.side ?? side) === side),
      route,
    );
    return rule && rewriteOf(rule);
  };
  const rewrites = { monolith: of('monolith'), service: of('service') };
  return bothSides.some((side) => rewrites[side]) ? rewrites : undefined;
}

/** Raw pairs without what is removed, and what is set at their end. */
export function rewriteHeaders(raw: readonly string[], by: MessageRewrite): string[] {
  return [...withoutHeaders(raw, (name) => by.without.has(name)), ...by.set];
}

export function withoutHeaders(
  raw: readonly string[],
  unwanted: (lowerName: string) => boolean,
): string[] {
  const result: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!unwanted(lower(name))) result.push(name, raw[index + 1] ?? '');
  }
  return result;
}

/** The same of headers as node reads them. */
export function rewriteHeadersObject(
  headers: IncomingHttpHeaders,
  by: MessageRewrite,
): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !by.without.has(name));
  for (let index = 0; index + 1 < by.set.length; index += 2) {
    const name = lower(by.set[index] ?? '');
    const value = by.set[index + 1] ?? '';
    kept.push([name, name === 'set-cookie' ? [value] : value]);
  }
  return Object.fromEntries(kept);
}

const tags = /(?:W\/)?"[^"]*"/g;
/** Of `If-None-Match`: an answer of before the rules has other names, so that only tags with their mark are worth asking about. */
const oursOf = (value: string, mark: string): string =>
  value.trim() === '*'
    ? value
    : (value.match(tags) ?? []).filter((tag) => tag.endsWith(`${mark}"`)).join(', ');
/** `"7"` becomes `"7~1f2e3d4c"`, weak or not. */
export const markTag = (tag: string, mark: string): string => tag.replace(/"\s*$/, `${mark}"`);
/** In `If-Match` and `If-None-Match`: what upstreams know. A tag with another mark stays strange to them, as it should. */
export const unmarkTags = (tags: string, mark: string): string => tags.replaceAll(`${mark}"`, '"');

/** About bytes that are not those any more, or that nobody may ask parts of. */
const ofOtherBytes = new Set([
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
  'trailer',
  // a date knows nothing of names: whoever asked by it would keep those of other rules
  'last-modified',
]);

/** The head of an answer whose body is another one now. */
export const headOfRenamed = (raw: readonly string[], length: number, mark: string): string[] => [
  ...markedTags(
    withoutHeaders(raw, (name) => ofOtherBytes.has(name)),
    mark,
  ),
  'content-length',
  String(length),
];

export const markedTags = (raw: readonly string[], mark: string): string[] =>
  raw.map((text, index) =>
    index % 2 === 1 && lower(raw[index - 1] ?? '') === 'etag' ? markTag(text, mark) : text,
  );

const notAsked = new Set(['accept-encoding', 'range', 'if-range', 'if-modified-since']);

/**
 * What a side is asked whose answers get other names: the whole, as text, by its own tags. A write that names a tag names a state,
 * whatever its fields were called then.
 */
export function headOfAsking(raw: readonly string[], mark: string, isRead: boolean): string[] {
  const asked: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    let value = raw[index + 1] ?? '';
    if (notAsked.has(lower(name))) continue;
    if (isRead && lower(name) === 'if-none-match') {
      value = oursOf(value, mark);
      if (value === '') continue;
    }
    asked.push(name, /^if-(?:none-)?match$/i.test(name) ? unmarkTags(value, mark) : value);
  }
  return [...asked, 'accept-encoding', 'identity'];
}
