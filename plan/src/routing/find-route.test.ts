import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, RouteDefinition } from '../migration.ts';
import { whatIsAsked } from './asked.ts';
import { conditionsOverlap } from './conditions.ts';
import { explainRoutes } from './explain-routes.ts';
import { findRoute } from './find-route.ts';
import { compileRoutes } from './route-table.ts';

type When = RouteDefinition['when'];
const context = (
  name: string,
  ...routes: readonly (readonly [string, When, Partial<RouteDefinition>?])[]
): MigrationDefinition => ({
  context: name,
  data: 'none',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: routes.map(([route, when, more]) => ({
    name: route,
    method: 'GET',
    path: '/x',
    kind: 'read',
    ...(when && { when }),
    ...more,
  })),
});
const table = compileRoutes([
  context(
    'c',
    ['plain', undefined],
    ['json', { query: { format: 'json' } }],
    ['tenant', { headers: { 'X-Tenant': ['a', 'b'] } }],
    ['both', { headers: { 'X-Tenant': ['a', 'b'] }, query: { format: 'json' } }],
    ['host', { host: 'Shop.example' }, { path: '/y' }],
    ['put', { query: { format: 'json' } }, { method: 'PUT', kind: 'write' }],
    ['made', { query: { made_by: 'a' } }, { path: '/z', method: 'POST', kind: 'write' }],
    ['odd', { headers: { constructor: 'a' } }, { path: '/odd' }],
    [
      'two',
      { headers: { 'X-Tenant': 'a' }, query: { v: '2' } },
      { path: '/two', method: 'POST', kind: 'write' },
    ],
  ),
]);

interface Headers {
  readonly [name: string]: string | readonly string[];
}
function claim(url: string, headers: Headers = {}, method = 'GET'): string | undefined {
  const headersDistinct = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat()]),
  );
  const joined = Object.fromEntries(
    Object.entries(headersDistinct).map(([name, value]) => [name, value.join(', ')]),
  );
  const asked = whatIsAsked((question) => findRoute(table, question), {
    method,
    url,
    headers: joined,
    headersDistinct,
  });
  if ('refused' in asked) return asked.refused;
  return asked.found.kind === 'claimed' ? asked.found.claim.definition.name : undefined;
}

describe('a route that asks for more than method and path', () => {
  test.each<[string, Headers, string | undefined]>([
    ['/x', {}, 'plain'],
    ['/x?format=xml', {}, 'plain'],
    ['/x?format=JSON', {}, 'plain'],
    ['/x?format=json', {}, 'json'],
    ['/x?a=1&format=%6ason', {}, 'json'],
    ['/x', { 'x-tenant': 'b' }, 'tenant'],
    ['/x', { 'x-tenant': 'c' }, 'plain'],
    ['/x', { 'x-tenant': '' }, 'plain'],
    ['/x?format=json', { 'x-tenant': 'a' }, 'both'],
    ['/y', { host: 'shop.example' }, 'host'],
    ['/y', { host: 'SHOP.example.:8443' }, 'host'],
    ['/y', { host: 'other.example' }, undefined],
    ['/y', {}, undefined],
    ['http://shop.example/y', { host: 'other.example' }, 'host'],
  ])('%s with %j is %s', (url, headers, name) => expect(claim(url, headers)).toBe(name));

  test.each<[string, Headers, string]>([
    ['/x?format=json&format=xml', {}, 'query parameter format comes more than once'],
    ['/x?format=xml&format=json', {}, 'query parameter format comes more than once'],
    ['/x', { 'x-tenant': ['a', 'c'] }, 'header x-tenant comes more than once'],
    ['/x', { 'x-tenant': ['c', 'a'] }, 'header x-tenant comes more than once'],
    // of both names one of `X-Tenant: a or b`, but not of the two together
    ['/x', { 'x-tenant': ['a', 'b'] }, 'header x-tenant comes more than once'],
    ['/x?Format=json', {}, 'query parameter format is spelt in another way'],
    ['/x?format[]=json', {}, 'query parameter format is spelt in another way'],
    ['/x?a=1;format=json', {}, 'query parameter format is spelt in another way'],
    ['/x', { x_tenant: 'a' }, 'header x-tenant is spelt in another way'],
    [
      '/x',
      { 'x-tenant': 'a', connection: 'close, X-Tenant' },
      'header x-tenant is named by Connection',
    ],
    [
      '/x',
      { 'x-tenant': 'a', connection: ['close', 'x-tenant'] },
      'header x-tenant is named by Connection',
    ],
    ['/x', { 'x-tenant': 'a', x_tenant: 'c' }, 'header x-tenant is spelt in another way'],
  ])('is not guessed: %s with %j', (url, headers, reason) =>
    expect(claim(url, headers)).toBe(
      `the ${reason}, so that two servers could differ in whose route it is`,
    ),
  );

  test('is nobody’s business where every reading is the same route', () => {
    expect(claim('/x?format=xml&format=yaml')).toBe('plain');
    expect(claim('/z?format=json&format=xml')).toBeUndefined();
    expect(claim('/x', { 'x-tenant': 'a', x_tenant: 'b' })).toBe('tenant');
    expect(claim('/x', { 'x-tenant': 'c', connection: 'x-tenant' })).toBe('plain');
    expect(claim('/x', { 'x-tenant': 'a', connection: 'x-tenant-of, close' })).toBe('tenant');
  });

  test('is claimed as the write that a request may be', () => {
    expect(claim('/x?format=json', { 'x-http-method-override': 'PUT' })).toBe('put');
    expect(claim('/x', { 'x-http-method-override': 'PUT' })).toBe('plain');
    expect(claim('/x?format=json', {}, 'PUT')).toBe('put');
    expect(claim('/x', {}, 'PUT')).toBeUndefined();
  });

  test.each<[string, Headers, string]>([
    // a server that stops at a fragment reads `json`, and the write would pass as nobody's
    ['PUT /x?format=json#', {}, 'request target has a fragment'],
    ['PUT /x?format=xml&format=json#&a', {}, 'request target has a fragment'],
    // PHP has no variable by these names
    ['POST /z?made.by=a', {}, 'query parameter made_by is spelt in another way'],
    ['POST /z?%20made[by=a', {}, 'query parameter made_by is spelt in another way'],
    // Starlette takes the first of two headers and the last of two parameters
    ['POST /two?v=1&v=2', { 'x-tenant': ['a', 'b'] }, 'query parameter v comes more than once'],
    ['POST /two?v=2&v=1', { 'x-tenant': ['b', 'a'] }, 'header x-tenant comes more than once'],
  ])('no write slips past by its spelling: %s with %j', (asked, headers, reason) => {
    const [method, url = ''] = asked.split(' ');
    expect(claim(url, headers, method)).toContain(`the ${reason}, so that`);
  });

  test('a name that every object has is none that a client sent', () => {
    const find = (headers: Headers): string | undefined => {
      const asked = whatIsAsked((question) => findRoute(table, question), { url: '/odd', headers });
      return 'found' in asked && asked.found.kind === 'claimed'
        ? asked.found.claim.definition.name
        : undefined;
    };
    expect(find({})).toBeUndefined();
    expect(find({ constructor: 'a' })).toBe('odd');
  });

  test('a long query is read once, however many conditions ask for it', () => {
    let reads = 0;
    findRoute(table, {
      method: 'GET',
      rawPath: '/x',
      host: 'h',
      lines: { headers: {} },
      get search() {
        reads++;
        return '?format=json';
      },
    });
    expect(reads).toBe(1);
  });

  test('serves HEAD as GET', () => expect(claim('/x?format=json', {}, 'HEAD')).toBe('json'));

  test('is explained with what a request lacks', () => {
    const others = explainRoutes(table, { url: '/x', headers: { 'x-tenant': 'a' } }).others;
    const said = others.map(({ route, because }) => `${route.definition.name}: ${because}`);
    expect(said).toEqual(
      expect.arrayContaining([
        'json: it is for query format json',
        'both: it is for query format json',
        'plain: it asks for less of the request',
      ]),
    );
  });
});

describe('two routes of one path', () => {
  const table2 = (one: When, other: When, more: Partial<RouteDefinition> = {}) =>
    compileRoutes([context('a', ['one', one]), context('b', ['other', other, more])]);
  const a = { headers: { t: 'a' } };

  test.each<[string, When, When]>([
    ['for the same', a, { headers: { T: 'a' } }],
    ['of which neither is narrower', a, { query: { q: '1' } }],
    ['whose values overlap', { host: ['x', 'y'] }, { host: ['y', 'z'] }],
  ])('%s are refused, with what they ask for', (_what, one, other) =>
    expect(() => table2(one, other)).toThrow(/a\.one \(GET \/x, .*b\.other \(GET \/x, .*claim/),
  );

  test.each<[string, When, When]>([
    ['of values that cannot be both', a, { headers: { t: ['b', 'c'] } }],
    ['of which one asks for more', a, { headers: { t: 'a' }, query: { q: '1' } }],
    ['of which one takes fewer values', a, { headers: { t: ['a', 'b'] } }],
    ['of which one asks for nothing', a, undefined],
  ])('%s stand beside each other', (_what, one, other) =>
    expect(() => table2(one, other)).not.toThrow(),
  );

  test('of which neither is narrower stand beside a third one that takes what both take', () => {
    const [one, other] = [{ headers: { t: ['a', 'b'] } }, { headers: { t: ['b', 'c'] } }];
    const third = (when: When) =>
      compileRoutes([context('a', ['one', one], ['other', other], ['third', when])]);
    expect(() => third({ headers: { t: 'b' } })).not.toThrow();
    // not all that both take, and what only one takes
    expect(() => third({ headers: { t: 'b' }, query: { q: '1' } })).toThrow(/claim the same/);
    expect(() => third({ headers: { t: 'c' } })).toThrow(/claim the same/);
  });

  test('of which one takes fewer values: that one comes first', () => {
    const both = compileRoutes([
      context('a', ['wide', { headers: { t: ['a', 'b'] } }]),
      context('b', ['narrow', a]),
    ]);
    expect(both.match('GET', '/x', undefined, () => 'a')?.definition.name).toBe('narrow');
    expect(both.match('GET', '/x', undefined, () => 'b')?.definition.name).toBe('wide');
  });

  test('a path that is narrower comes before what asks for more', () => {
    const both = compileRoutes([
      context('a', ['prefix', a, { path: '/x/**' }]),
      context('b', ['whole', undefined, { path: '/x/y' }]),
    ]);
    expect(both.match('GET', '/x/y', undefined, () => 'a')?.definition.name).toBe('whole');
  });

  test('overlap is the same from both sides', () => {
    const narrow = [{ of: 'header', name: 't', values: ['a'] }] as const;
    const wide = [{ of: 'header', name: 't', values: ['a', 'b'] }] as const;
    expect([conditionsOverlap(narrow, wide), conditionsOverlap(wide, narrow)]).toEqual([
      'ordered',
      'ordered',
    ]);
  });
});
