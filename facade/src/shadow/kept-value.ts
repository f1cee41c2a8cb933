import { absent } from './compare-json.ts';
import { pointerCovered, segments, toPointer } from './pointer.ts';
import { namesSecret, scrub, scrubbed } from './scrub.ts';

/** What a route says about values of its samples. */
export interface KeepRules {
  readonly show?: readonly string[];
  readonly redact?: readonly string[];
}

/** Says whether two values were the same, and lets nobody find out which. */
export type Fingerprint = (text: string) => string;

const longest = 200;
const redacted = '(redacted)';

/** What is no value of anybody's: a status, digests of bodies, headers that say how an answer is to be read. */
const isTold = (at: string): boolean =>
  /^(?:status|body|header:(?:content-type(?:\/charset)?|cache-control|vary|set-cookie\/.+))$/.test(
    at,
  );

const shortened = (value: unknown): unknown => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text !== undefined && text.length > longest ? `${text.slice(0, longest)}…` : value;
};

/** A value by its kind, its size and its fingerprint. */
function summary(value: unknown, fingerprint: Fingerprint): string {
  const mark = fingerprint(JSON.stringify(value));
  if (typeof value === 'string') return `text of ${value.length} #${mark}`;
  if (Array.isArray(value)) return `list of ${value.length} #${mark}`;
  if (typeof value === 'object' && value !== null)
    return `object of ${Object.keys(value).length} #${mark}`;
  return `${typeof value} #${mark}`;
}

const depth = (pointer: string): number => pointer.split('/').length;
/** A whole object that is missing on one side may hold redacted fields inside. */
const holdsRedacted = (redact: readonly string[], at: string): boolean =>
  (at.startsWith('/') || at === '') && redact.some((rule) => depth(rule) > depth(at));

const isListed = (listed: readonly string[], at: string): boolean =>
  at.startsWith('/') || at === ''
    ? pointerCovered(
        listed.filter((rule) => rule === '' || rule.startsWith('/')),
        at,
      )
    : listed.some((rule) => rule.toLowerCase() === at.toLowerCase());

/** What a sample may hold of one value. Nothing but its kind, unless the route shows it; and never what looks like a secret. */
export function keptValue(
  at: string,
  value: unknown,
  { show = [], redact = [] }: KeepRules,
  fingerprint: Fingerprint,
): unknown {
  if (value === absent || value === null || typeof value === 'boolean') return value;
  if (isTold(at)) return shortened(scrubbed(value));
  if (at.startsWith('/') && isListed(redact, at)) return redacted;
  if (!isListed(show, at)) return summary(value, fingerprint);
  if (at.split(/[/:]/).some(namesSecret)) return redacted;
  if (typeof value === 'object' && holdsRedacted(redact, at)) return '(holds redacted fields)';
  return shortened(scrubbed(value));
}

/** Keys of an object may be data as well. */
export const keptPath = (at: string): string =>
  at.startsWith('/') ? toPointer(segments(at).map(scrub)) : scrub(at);
