import type { RouteDefinition } from '../migration.ts';

/** What a route asks of a request besides its method and path. */
export interface Condition {
  readonly of: 'host' | 'header' | 'query';
  /** Of a header in lower case; empty of the host. */
  readonly name: string;
  /** Any of them. */
  readonly values: readonly string[];
}

const listed = (values: string | readonly string[]): readonly string[] =>
  typeof values === 'string' ? [values] : values;

export function conditionsOf({ when }: Pick<RouteDefinition, 'when'>): readonly Condition[] {
  const hosts = listed(when?.host ?? []).map((host) => host.toLowerCase());
  const headers = Object.entries(when?.headers ?? {});
  const query = Object.entries(when?.query ?? {});
  return [
    ...(hosts.length > 0 ? [{ of: 'host', name: '', values: hosts } as const] : []),
    ...headers.map(([name, values]) => ({
      of: 'header' as const,
      name: name.toLowerCase(),
      values: listed(values),
    })),
    ...query.map(([name, values]) => ({
      of: 'query' as const,
      name,
      values: listed(values),
    })),
  ];
}

export const sameName = (a: Omit<Condition, 'values'>, b: Omit<Condition, 'values'>): boolean =>
  a.of === b.of && a.name === b.name;

/** Every request that the first takes is one that the second takes. */
const implies = (one: readonly Condition[], other: readonly Condition[]): boolean =>
  other.every((wanted) =>
    one.some(
      (given) =>
        sameName(given, wanted) && given.values.every((value) => wanted.values.includes(value)),
    ),
  );

/** How the requests that two lists of conditions take lie to each other. */
export function conditionsOverlap(
  a: readonly Condition[],
  b: readonly Condition[],
): 'none' | 'same' | 'ordered' | 'ambiguous' {
  if (a.some((left) => b.some((right) => apart(left, right)))) return 'none';
  const [narrower, wider] = [implies(a, b), implies(b, a)];
  if (narrower && wider) return 'same';
  return narrower || wider ? 'ordered' : 'ambiguous';
}
const apart = (left: Condition, right: Condition): boolean =>
  sameName(left, right) && !left.values.some((value) => right.values.includes(value));

/** What requests meet that meet both. */
const together = (a: readonly Condition[], b: readonly Condition[]): readonly Condition[] => [
  ...a.map((left) => {
    const right = b.find((other) => sameName(left, other));
    const values = left.values.filter((value) => right?.values.includes(value) ?? true);
    return { ...left, values };
  }),
  ...b.filter((right) => !a.some((left) => sameName(left, right))),
];

/** Of the requests that two take, all are taken by a third one, which asks for more than either. */
export function settles(
  third: readonly Condition[],
  a: readonly Condition[],
  b: readonly Condition[],
): boolean {
  return implies(third, a) && implies(third, b) && implies(together(a, b), third);
}

/** For sorting: whoever asks for more comes first. */
export function moreConditions(a: readonly Condition[], b: readonly Condition[]): number {
  const values = (all: readonly Condition[]): number =>
    all.reduce((sum, condition) => sum + condition.values.length, 0);
  return b.length - a.length || values(a) - values(b);
}

/** In the words of a table or message: `host shop.example`, `header x-tenant a or b`. */
export const conditionText = ({ of, name, values }: Condition): string =>
  [of, name, values.join(' or ')].filter((word) => word !== '').join(' ');
