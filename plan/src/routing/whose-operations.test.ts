import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { MigrationDefinition, RouteDefinition, Side } from '../migration.ts';
import type { Operation } from './operations.ts';
import { type CompiledRoute, compileRoutes } from './route-table.ts';
import { whoseOperations } from './whose-operations.ts';

type Short = readonly [
  name: string,
  kind: RouteDefinition['kind'],
  graphql: NonNullable<RouteDefinition['graphql']>,
];
const context = (name: string, ...routes: readonly Short[]): MigrationDefinition => ({
  context: name,
  data: 'none',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: routes.map(([route, kind, graphql]) => ({
    name: route,
    method: 'POST',
    path: '/graphql',
    kind,
    graphql,
  })),
});
const items = context(
  'items',
  ['items', 'read', { fields: ['items', 'item'] }],
  ['search', 'read', { operations: ['Search'] }],
  ['top', 'read', { operations: ['Search'], fields: ['item'] }],
  ['add', 'write', { fields: ['addItem'] }],
  ['added', 'read', { fields: ['itemAdded'], type: 'subscription' }],
);
const orders = context(
  'orders',
  ['orders', 'read', { fields: ['orders'] }],
  ['place', 'write', { fields: ['place'] }],
);
const endpointOf = (...definitions: readonly MigrationDefinition[]): CompiledRoute =>
  compileRoutes(definitions).match('POST', '/graphql')!;
const routes = endpointOf(items, orders).operations!;

const operation = (
  fields: readonly string[],
  { type = 'query', name }: Partial<Operation> = {},
): Operation => ({ type, name, fields });
const whose = (
  asked: readonly Operation[],
  { service = [] }: { readonly service?: readonly string[] } = {},
) => {
  const found = whoseOperations({
    routes,
    beside: undefined,
    understood: { kind: 'operations', operations: asked },
    homeOf: (name): Side => (service.includes(name) ? 'service' : 'monolith'),
  });
  return found.kind === 'one'
    ? [found.route, ...found.also].map(({ definition: { name } }) => name).join(' ')
    : found.kind;
};

describe('an operation is whose its root fields are', () => {
  test.each<[string, Operation, string]>([
    ['by field', operation(['item', 'items']), 'items'],
    [
      'by name, where the context has no narrower route',
      operation(['x'], { name: 'Search' }),
      'search',
    ],
    ['by name before field', operation(['items'], { name: 'Search' }), 'search'],
    ['by name and field before either', operation(['item'], { name: 'Search' }), 'top'],
    ['by several routes', operation(['item', 'x'], { name: 'Search' }), 'top search'],
    ['of its own type', operation(['addItem']), 'nobody'],
    ['of a mutation', operation(['addItem'], { type: 'mutation' }), 'add'],
    ['of a subscription', operation(['itemAdded'], { type: 'subscription' }), 'added'],
    ['with __typename anywhere', operation(['__typename', 'items']), 'items'],
    ['nobody’s', operation(['stock']), 'nobody'],
    ['introspection', operation(['__schema', '__type']), 'nobody'],
    ['__typename alone', operation(['__typename']), 'nobody'],
    ['introspection beside a field', operation(['items', '__schema']), 'monolith'],
    [
      'a field of another context beside a name',
      operation(['orders'], { name: 'Search' }),
      'orders',
    ],
    ['two contexts', operation(['orders', 'items']), 'monolith'],
  ])('%s', (_what, asked, expected) => expect(whose([asked])).toBe(expected));

  test('the same for all of a batch, a write before reads', () => {
    const add = operation(['addItem'], { type: 'mutation' });
    expect(whose([operation(['items']), add])).toBe('add items');
    expect(whose([operation(['items']), operation(['stock'])])).toBe('monolith');
  });

  test('what has two owners is refused only while they are two', () => {
    const both = [operation(['items', 'orders'])];
    expect(whose(both, { service: ['items'] })).toBe('two-owners');
    expect(whose(both, { service: ['items', 'orders'] })).toBe('two-owners');
    expect(whose([operation(['items', 'stock'])], { service: ['items'] })).toBe('two-owners');
    expect(whose([operation(['orders', 'stock'])], { service: ['items'] })).toBe('monolith');
  });

  test('what is not known may be any write of the path, until one is not the monolith’s', () => {
    const ask = (kind: 'unreadable' | 'unknown-document' | 'nothing', home: Side) =>
      whoseOperations({
        routes,
        beside: undefined,
        understood: kind === 'unreadable' ? { kind, because: 'x' } : { kind },
        homeOf: (name) => (name === 'items' ? home : 'monolith'),
      });
    for (const kind of ['unreadable', 'unknown-document'] as const) {
      expect(ask(kind, 'monolith')).toEqual({ kind: 'monolith', routes, changes: true });
      expect(ask(kind, 'service').kind).toBe(kind);
    }
    expect(ask('nothing', 'service')).toMatchObject({ kind: 'nobody', changes: false });
  });

  test('no mutation of a service’s context ever reaches another side', () => {
    const field = fc.constantFrom(
      'items',
      'item',
      'addItem',
      'place',
      'orders',
      'stock',
      '__typename',
    );
    const asked = fc.record({
      type: fc.constantFrom<Operation['type']>('query', 'mutation', 'subscription'),
      name: fc.constantFrom(undefined, 'Search', 'Other'),
      fields: fc.uniqueArray(field, { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 3 }), (operations) => {
        const found = whoseOperations({
          routes,
          beside: undefined,
          understood: { kind: 'operations', operations },
          homeOf: (name) => (name === 'items' ? 'service' : 'monolith'),
        });
        const adds = operations.some(
          ({ type, fields }) => type === 'mutation' && fields.includes('addItem'),
        );
        if (!adds) return;
        expect(found.kind === 'two-owners' || found.kind === 'one').toBe(true);
        if (found.kind === 'one') expect(found.route.definition.name).toBe('add');
      }),
    );
  });
});

describe('GraphQL routes in the table', () => {
  const table = compileRoutes([
    items,
    orders,
    {
      ...context('pages'),
      routes: [{ name: 'all', method: 'ANY', path: '/graphql', kind: 'read' }],
    },
  ]);
  test('are one for POST, GET, HEAD and QUERY, and leave the rest to others', () => {
    const endpoint = table.match('POST', '/graphql');
    expect(endpoint?.operations).toHaveLength(7);
    for (const method of ['GET', 'HEAD', 'QUERY'])
      expect(table.match(method, '/graphql/')).toBe(endpoint);
    expect(table.match('PUT', '/graphql')?.definition.name).toBe('all');
    expect(table.matchBeside('POST', '/graphql')?.definition.name).toBe('all');
    expect(table.routes.every(({ operations }) => operations === undefined)).toBe(true);
  });
  test('two that claim one operation are refused, and a plain route of their methods', () => {
    const also =
      (...more: readonly Short[]) =>
      () =>
        endpointOf(items, context('b', ...more));
    expect(also(['x', 'read', { fields: ['a', 'item'] }])).toThrow(/items\.items .*b\.x .*GraphQL/);
    expect(also(['x', 'read', { operations: ['Search', 'B'] }])).toThrow(/items\.search .*b\.x /);
    expect(also(['x', 'read', { operations: ['Search'], fields: ['item'] }])).toThrow(/items\.top/);
    expect(also(['x', 'read', { operations: ['Search'], fields: ['items'] }])).not.toThrow();
    expect(also(['x', 'write', { fields: ['item'] }])).not.toThrow();
    expect(() =>
      compileRoutes([
        items,
        {
          ...context('b'),
          routes: [{ name: 'page', method: 'GET', path: '/graphql', kind: 'read' }],
        },
      ]),
    ).toThrow(/claim the same requests/);
  });
  test('of other conditions are others', () => {
    const of = (name: string, host: string): MigrationDefinition => {
      const definition = context(name, ['x', 'read', { fields: ['items'] }]);
      return {
        ...definition,
        routes: definition.routes.map((one) => ({ ...one, when: { host } })),
      };
    };
    const hosts = compileRoutes([of('a', 'a.example'), of('b', 'b.example')]);
    expect(hosts.match('POST', '/graphql', undefined, () => 'b.example')?.context).toBe('b');
    expect(hosts.match('POST', '/graphql', undefined, () => 'c.example')).toBeUndefined();
  });
});
