import { parse } from '@babel/parser';
import { expect, test } from '@jest/globals';
// @ts-expect-error a script, which TypeScript does not read
import plugin from '../../scripts/lint/tests.mjs';

interface Node {
  readonly type: string;
}
interface Rule {
  readonly create: (context: {
    report(found: unknown): void;
  }) => Record<string, (node: Node) => void>;
}
const { rules } = plugin as { rules: Record<string, Rule> };
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The rules that the body of a test breaks. */
function broken(body: string): string[] {
  const { program } = parse(`test('it', async () => { ${body} });`, {
    sourceType: 'module',
    plugins: ['estree'],
  });
  const found: string[] = [];
  const visitors = Object.entries(rules).map(([name, { create }]) =>
    create({ report: () => found.push(name) }),
  );
  const walk = (node: Node): void => {
    for (const visitor of visitors) visitor[node.type]?.(node);
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child);
  };
  walk(program as unknown as Node);
  return found;
}

test.each([
  [`await until('done', probe).catch(() => {}); expect(1).toBe(1);`, 'no-swallowed-wait'],
  [`await until('done', probe).catch(() => undefined);`, 'no-swallowed-wait'],
  [`expect(ms).toEqual(expect.any(Number));`, 'no-any-number'],
  [
    `try { await work(); } catch (error) { expect(error.code).toBe('X'); }`,
    'no-expect-only-in-catch',
  ],
])('the linter finds what asserts nothing: %s', (body, rule) => {
  expect(broken(body)).toEqual([rule]);
});

test.each([
  `await until('done', probe);`,
  `await until('done', probe).catch((error) => { throw new Error(log, { cause: error }); });`,
  `await socket.end().catch(() => {});`,
  `expect(ms).toBeGreaterThan(5); expect(id).toEqual(expect.any(String));`,
  `try { await work(); throw new Error('it passed'); } catch (error) { expect(error.code).toBe('X'); }`,
  `try { expect(await work()).toBe(1); } catch (error) { expect(error.code).toBe('X'); }`,
  `try { await work(); } finally { expect(left).toEqual([]); }`,
  `try { await work(); } catch { again(); }`,
])('and leaves alone what does: %s', (body) => {
  expect(broken(body)).toEqual([]);
});
