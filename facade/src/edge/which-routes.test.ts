import { expect, test } from '@jest/globals';
import { edgeSchema } from './edge-schema.ts';
import { edgeRules } from './load-edge.ts';
import { refuseUnknownRoutes, ruleFor } from './which-routes.ts';

const route = (context: string, name: string) => ({ context, definition: { name } });
const list = route('items', 'list');

test('the first rule that a route falls under counts', () => {
  const rules = [
    { routes: ['items.one'], is: 1 },
    { routes: ['other', 'items'], is: 2 },
    { routes: ['*'], is: 3 },
  ];
  expect(ruleFor(rules, route('items', 'one'))?.is).toBe(1);
  expect(ruleFor(rules, list)?.is).toBe(2);
  expect(ruleFor(rules, undefined)?.is).toBe(3);
  expect(ruleFor(rules.slice(0, 2), undefined)).toBeUndefined();
  expect(ruleFor(rules.slice(0, 2), route('item', 's.one'))).toBeUndefined();
  expect(ruleFor(undefined, list)).toBeUndefined();
});

test('a rule that says no routes is for everything', () => {
  const { bodyLimits } = edgeSchema.parse({ bodyLimits: [{ maxBytes: 1 }] });
  expect(ruleFor(bodyLimits, undefined)).toMatchObject({ maxBytes: 1 });
});

test('a name that no context file has is refused, with its place', () => {
  const rules = { bodyLimits: [{ routes: ['items'] }, { routes: ['*', 'items.lst'] }] };
  expect(() => refuseUnknownRoutes(rules, [list])).toThrow(
    'edge: bodyLimits[1].routes: no context file has items.lst',
  );
  expect(() => refuseUnknownRoutes(rules, [list, route('items', 'lst')])).not.toThrow();
});

test.each([
  [{ bodyLimit: [] }, 'edge: the file: Unrecognized key: "bodyLimit"'],
  [{ bodyLimits: [{ maxBytes: -1 }] }, 'edge: bodyLimits.0.maxBytes: Too small'],
  [
    { bodyLimits: [{ routes: ['a.b.c'], maxBytes: 1 }] },
    'edge: bodyLimits.0.routes.0: *, context or context.route',
  ],
])('a field that is not known, or holds what it cannot, is refused: %j', (settings, said) => {
  expect(() => edgeRules(settings as never)).toThrow(said);
});
