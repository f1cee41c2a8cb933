export interface Tag {
  readonly kind: 'tag';
  readonly text: string;
  /** Lower case; empty for comments and declarations. */
  readonly name: string;
  readonly closes: boolean;
}
export type HtmlToken = Tag | { readonly kind: 'text'; readonly text: string };

const tagPattern = /<!--[\s\S]*?-->|<[!/]?[a-z](?:"[^"]*"|'[^']*'|[^"'<>])*>/gi;
// from the beginning of a word only: long ones must not be tried from each of their letters
const attributePattern = /(?<=[\s"'/])([^\s=>"'/<]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)/g;
const voidTags = new Set(
  'area base br col embed hr img input link meta source track wbr'.split(' '),
);

export const isVoid = ({ name }: Tag): boolean => voidTags.has(name);

/** Tags and what stands between them: enough to find a place in a page, and all of the text stays as it is. */
export function htmlTokens(text: string): readonly HtmlToken[] {
  const tokens: HtmlToken[] = [];
  let from = 0;
  for (const match of text.matchAll(tagPattern)) {
    if (match.index > from) tokens.push({ kind: 'text', text: text.slice(from, match.index) });
    const [whole] = match;
    const name = /^<\/?([a-z][^\s/>]*)/i.exec(whole)?.[1]?.toLowerCase() ?? '';
    tokens.push({ kind: 'tag', text: whole, name, closes: whole.startsWith('</') });
    from = match.index + whole.length;
  }
  if (from < text.length) tokens.push({ kind: 'text', text: text.slice(from) });
  return tokens;
}

const unquoted = (value: string): string => value.replace(/^(["'])([\s\S]*)\1$/, '$2');

export const attributesOf = (tag: Tag): ReadonlyMap<string, string> =>
  new Map(
    [...tag.text.matchAll(attributePattern)].map(([, name = '', , value = '']) => [
      name.toLowerCase(),
      unquoted(value),
    ]),
  );

/** The tag with other values of the attributes that are chosen. */
export const withAttributes = (
  tag: Tag,
  choose: (name: string) => boolean,
  value: string,
): string =>
  tag.text.replaceAll(attributePattern, (all, name: string, equals: string) =>
    choose(name.toLowerCase()) ? `${name}${equals}"${value}"` : all,
  );
