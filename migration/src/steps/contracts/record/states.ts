export interface ProposedState {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
}

const singular = (word: string): string =>
  word
    .replace(/ies$/, 'y')
    .replace(/(?<=[^s])s$/, '')
    .replaceAll(/[-_]/g, ' ');
const withArticle = (noun: string): string => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;

/**
 * What must be there for an answer: each parameter of the path names a thing by the word before it (`/products/:id` → «a product
 * exists», id), and a list that was never empty holds something. Proposals: only people know what a state is called.
 */
export function proposedStates({
  template,
  path,
  status,
  filled,
}: {
  /** The route's path, `/products/:id`. */
  readonly template: string;
  /** What was asked. */
  readonly path: string;
  readonly status: number;
  /** The answer held a list, and never an empty one. */
  readonly filled: boolean;
}): readonly ProposedState[] {
  const words = template.split('/');
  const asked = path.split('/');
  const things = words.flatMap((word, index) =>
    word.startsWith(':')
      ? [
          {
            noun: singular(words[index - 1] || 'thing'),
            name: word.slice(1),
            value: asked[index] ?? '',
          },
        ]
      : [],
  );
  const exists = (
    found: boolean,
    { noun, name, value }: (typeof things)[number],
  ): ProposedState => ({
    name: `${withArticle(noun)} ${found ? 'exists' : 'does not exist'}`,
    params: { [name]: value },
  });
  if (status === 404) return things.map((thing, index) => exists(index < things.length - 1, thing));
  if (status >= 400) return [];
  const collection = words.at(-1) ?? '';
  return [
    ...things.map((thing) => exists(true, thing)),
    ...(filled && /^[a-z][\w-]*$/i.test(collection)
      ? [{ name: `${collection.replaceAll(/[-_]/g, ' ')} exist`, params: {} }]
      : []),
  ];
}
