import type { Mask } from '@strangler-toolkit/plan';
import { attributesOf, type HtmlToken, htmlTokens, type Tag } from './html-tokens.ts';
import { maskText, presetNames } from './mask.ts';

const reason = 'the monolith answers something else here each time';
const most = 10;

/** An element by what a page's author calls it; never by what it says, which may be personal. */
function nameOf(tag: Tag): string {
  const attributes = attributesOf(tag);
  const id = attributes.get('id');
  if (id !== undefined && /^[A-Za-z][\w-]*$/.test(id) && !/\d{3}/.test(id))
    return `${tag.name}#${id}`;
  for (const by of ['name', 'property', 'rel']) {
    const value = attributes.get(by);
    if (value !== undefined && /^[\w:-]+$/.test(value)) return `${tag.name}[${by}=${value}]`;
  }
  const [first] = (attributes.get('class') ?? '').trim().split(/\s+/);
  return first && /^[A-Za-z][\w-]*$/.test(first) ? `${tag.name}.${first}` : tag.name;
}

function selectorsOf(one: HtmlToken, other: HtmlToken, around: Tag | undefined): readonly string[] {
  if (one.kind === 'text') return around ? [nameOf(around)] : [];
  if (other.kind === 'text' || one.name !== other.name || one.name === '') return [];
  const [left, right] = [attributesOf(one), attributesOf(other)];
  const differing = [...left.keys()].filter((name) => left.get(name) !== right.get(name));
  return differing.map((name) => `${nameOf(one)}@${name}`);
}

/**
 * What a route could mask so that two answers of one side are the same: a preset where one does it, else the element. Nothing
 * is proposed for pages that differ in more than values.
 */
export function proposeMasks(one: string, other: string): readonly Mask[] {
  const [left, right] = [htmlTokens(one), htmlTokens(other)];
  if (left.length !== right.length) return [];
  const proposed = new Map<string, Mask>();
  let around: Tag | undefined;
  for (const [index, token] of left.entries()) {
    if (token.kind === 'tag' && !token.closes) around = token;
    const counterpart = right[index];
    if (!counterpart || token.text === counterpart.text) continue;
    const preset = presetNames.find(
      (name) =>
        maskText(token.text, [{ preset: name, reason }]) ===
        maskText(counterpart.text, [{ preset: name, reason }]),
    );
    const masks: readonly Mask[] = preset
      ? [{ preset, reason }]
      : selectorsOf(token, counterpart, around).map((selector) => ({ selector, reason }));
    if (masks.length === 0) return [];
    for (const mask of masks) proposed.set(JSON.stringify(mask), mask);
  }
  return [...proposed.values()].slice(0, most);
}
