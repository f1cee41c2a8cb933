/** So many other slow suites are begun before the next whole stack: about what two workers do while a third has one. */
const between = 6;

/** Slow suites first, so that no worker is left alone with one at the end, and whole stacks one after the other among them. */
export function inOrder<T>(
  suites: readonly T[],
  placeOf: (suite: T) => number,
  isWholeStack: (suite: T) => boolean,
): T[] {
  const bySlowness = suites.toSorted((one, other) => placeOf(one) - placeOf(other));
  const stacks = bySlowness.filter(isWholeStack);
  const others = bySlowness.filter((suite) => !isWholeStack(suite));
  return [
    ...others.flatMap((suite, index) =>
      index % between === 0 ? [...stacks.splice(0, 1), suite] : [suite],
    ),
    ...stacks,
  ];
}
