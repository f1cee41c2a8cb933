import { attributesOf, type Tag } from './html-tokens.ts';

/** `tag#id.class[name="value"]@attribute`: one element without its place in the page, and which attribute is meant. */
export interface Selector {
  readonly matches: (tag: Tag) => boolean;
  /** Undefined: what is inside the element. */
  readonly attribute: string | undefined;
}

const partPattern = /([#.]?)([\w:-]+)|\[([\w:-]+)(?:=(?:"([^"]*)"|([\w:-]+)))?\]/g;

export function parseSelector(text: string): Selector {
  const cut = /@([\w:-]+)$/.exec(text);
  const subject = cut ? text.slice(0, cut.index) : text;
  const tests = [...subject.matchAll(partPattern)].map(
    ([, sign, word = '', attribute, quoted, bare]) =>
      (tag: Tag): boolean => {
        const attributes = attributesOf(tag);
        if (attribute !== undefined) {
          const value = attributes.get(attribute.toLowerCase());
          const wanted = quoted ?? bare;
          return value !== undefined && (wanted === undefined || value === wanted);
        }
        if (sign === '#') return attributes.get('id') === word;
        if (sign === '.') return (attributes.get('class') ?? '').split(/\s+/).includes(word);
        return tag.name === word.toLowerCase();
      },
  );
  return {
    matches: (tag) => !tag.closes && tag.name !== '' && tests.every((test) => test(tag)),
    attribute: cut?.[1]?.toLowerCase(),
  };
}
