/** Parts of a JSON pointer; a rule's `*` stands for one key or index. */
export const segments = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
export const toPointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** A rule for a value is a rule for all that is inside it. */
export const covers = (rule: readonly string[], path: readonly string[]): boolean =>
  rule.length <= path.length && rule.every((part, index) => part === '*' || part === path[index]);
export const equalsRule = (rule: readonly string[], path: readonly string[]): boolean =>
  rule.length === path.length && covers(rule, path);
export const pointerCovered = (rules: readonly string[], pointer: string): boolean =>
  rules.some((rule) => covers(segments(rule), segments(pointer)));
