import { parse } from '@babel/parser';

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** `describe.skip.each(…)` → describe, skip, each. */
function wordsOf(callee: unknown): string[] {
  if (!isNode(callee)) return [];
  if (callee.type === 'Identifier') return [String(callee.name)];
  if (callee.type === 'MemberExpression')
    return [...wordsOf(callee.object), ...wordsOf(callee.property)];
  // test.each([…])('name', …) and test.each`…`('name', …)
  if (callee.type === 'CallExpression') return wordsOf(callee.callee);
  if (callee.type === 'TaggedTemplateExpression') return wordsOf(callee.tag);
  return [];
}

function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'StringLiteral') return String(node.value);
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return undefined;
  return node.quasis
    .filter(isNode)
    .map(({ value }) =>
      typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : '',
    )
    .join('…');
}

const notRun = new Set(['skip', 'todo', 'failing', 'xtest', 'xit', 'xdescribe']);
const tests = new Set(['test', 'it', 'xtest', 'xit']);

/** Names of the tests that a file runs, as they are written down: none that is skipped, alone or with what it stands in. */
export function testsInFile(text: string): string[] {
  const names: string[] = [];
  const walk = (node: Node): void => {
    if (node.type === 'CallExpression') {
      const words = wordsOf(node.callee);
      if (words.some((word) => notRun.has(word))) return;
      const [first] = Array.isArray(node.arguments) ? node.arguments : [];
      const name = textOf(first);
      if (tests.has(words[0] ?? '') && name !== undefined) names.push(name);
    }
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child);
  };
  walk(parse(text, { sourceType: 'module', plugins: ['typescript'] }).program as unknown as Node);
  return names;
}
