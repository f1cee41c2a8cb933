import type { Mask } from '@strangler-toolkit/plan';
import {
  attributesOf,
  type HtmlToken,
  htmlTokens,
  isVoid,
  type Tag,
  withAttributes,
} from './html-tokens.ts';
import { parseSelector } from './selector.ts';

type Preset = Extract<Mask, { preset: string }>['preset'];
const blank = '…';
const everywhere = (text: string, ...patterns: readonly RegExp[]): string =>
  patterns.reduce((masked, pattern) => masked.replaceAll(pattern, blank), text);
const overTags = (text: string, change: (tag: Tag) => string): string =>
  htmlTokens(text)
    .map((token) => (token.kind === 'tag' ? change(token) : token.text))
    .join('');

const tokenName = /csrf|xsrf|^_token$|authenticity_token|requestverificationtoken/i;
const namesToken = (tag: Tag): boolean => {
  const attributes = attributesOf(tag);
  return ['name', 'id'].some((name) => tokenName.test(attributes.get(name) ?? ''));
};

const presets: Readonly<Record<Preset, (text: string) => string>> = {
  csrf: (text) =>
    overTags(text, (tag) =>
      namesToken(tag)
        ? withAttributes(tag, (name) => name === 'value' || name === 'content', blank)
        : tag.text,
    ).replaceAll(/((?:csrf|xsrf)\w{0,40}["']?\s*[:=]\s*)(["'])[^"'\n]*\2/gi, `$1"${blank}"`),
  nonce: (text) => overTags(text, (tag) => withAttributes(tag, (name) => name === 'nonce', blank)),
  build: (text) =>
    overTags(text, (tag) =>
      withAttributes(tag, (name) => name === 'integrity', blank).replaceAll(
        /\b(?:src|href)\s*=\s*(?:"[^"]*"|'[^']*')/gi,
        (link) =>
          link
            .replaceAll(/([?&](?:v|ver|version|hash|build)=)[^"'&\s]+/gi, `$1${blank}`)
            .replaceAll(
              /([.\-_])(?:[0-9a-f]{7,64}|[\w-]{8})(?=\.(?:m?js|css|map|woff2?)["'?])/gi,
              `$1${blank}`,
            ),
      ),
    ),
  time: (text) =>
    everywhere(
      text,
      /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g,
      /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g,
      /\b1\d{9}(?:\d{3})?\b/g,
      /\b\d{1,2}:\d\d(?::\d\d)?\b/g,
    ),
};
export const presetNames = Object.keys(presets) as readonly Preset[];

/** The element's closing tag; undefined when the page never closes it. */
function endOf(tokens: readonly HtmlToken[], from: number, name: string): number | undefined {
  let depth = 0;
  for (const [offset, token] of tokens.slice(from).entries()) {
    if (token.kind !== 'tag' || token.name !== name) continue;
    depth += token.closes ? -1 : 1;
    if (depth === 0) return from + offset;
  }
  return undefined;
}

function maskSelected(text: string, selector: string): string {
  const { matches, attribute } = parseSelector(selector);
  const tokens = htmlTokens(text);
  let masked = '';
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token) break;
    if (token.kind === 'text' || !matches(token)) masked += token.text;
    else if (attribute !== undefined || isVoid(token))
      masked += withAttributes(
        token,
        (name) => attribute === undefined || name === attribute,
        blank,
      );
    else {
      const end = endOf(tokens, index, token.name);
      masked += end === undefined ? token.text : `${token.text}${blank}${tokens[end]?.text ?? ''}`;
      index = end ?? index;
    }
  }
  return masked;
}

/** A text without the parts that a route says differ each time. A pattern may take its time: only in a thread of its own. */
export const maskText = (text: string, masks: readonly Mask[]): string =>
  masks.reduce((masked, mask) => {
    if ('preset' in mask) return presets[mask.preset](masked);
    if ('selector' in mask) return maskSelected(masked, mask.selector);
    return masked.replaceAll(new RegExp(mask.pattern, 'g'), blank);
  }, text);
