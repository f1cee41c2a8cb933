import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HttpMethod, MigrationDefinition } from '../migration.ts';
import { whatIsAsked } from './asked.ts';
import { explainRoutes } from './explain-routes.ts';
import { findRoute } from './find-route.ts';
import { compileRoutes } from './route-table.ts';

const routes: readonly [string, HttpMethod | 'ANY', string, 'read' | 'write'][] = [
  ['list', 'GET', '/items', 'read'],
  ['add', 'POST', '/items', 'write'],
  ['one', 'GET', '/items/:id', 'read'],
  ['new', 'GET', '/items/new', 'read'],
  ['tags', 'GET', '/items/:id/tags', 'read'],
  ['under', 'ANY', '/items/**', 'read'],
  ['head', 'HEAD', '/items/new', 'read'],
];
const definition: MigrationDefinition = {
  context: 'shop',
  data: 'none',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: routes.map(([name, method, path, kind]) => ({ name, method, path, kind })),
};
const table = compileRoutes([definition]);
const explain = (line: string, headers: Record<string, string> = {}) => {
  const [method, url] = line.split(' ');
  return explainRoutes(table, { method, url, headers });
};
const why = (line: string, name: string, headers?: Record<string, string>) =>
  explain(line, headers).others.find(({ route }) => route.definition.name === name)?.because;

describe('a request is explained', () => {
  test('by the route that claims it, and what the upstream is asked', () => {
    expect(explain('GET //items/./%37?q=1')).toMatchObject({
      verdict: 'claimed',
      canonical: '/items/7',
      target: '/items/7?q=1',
      claim: { definition: { name: 'one', kind: 'read' } },
    });
  });

  test('as a wire where nobody claims it', () => {
    expect(explain('GET //other/%7e')).toMatchObject({
      verdict: 'unclaimed',
      canonical: '/other/~',
      target: '//other/%7e',
      claim: undefined,
    });
    expect(explain('OPTIONS *')).toMatchObject({
      verdict: 'unclaimed',
      canonical: '*',
      target: '*',
      others: [],
    });
  });

  test('as refused, with what each reading of its path would be', () => {
    expect(explain('GET /items%2Fnew')).toMatchObject({
      verdict: 'refused',
      because: expect.stringContaining('an encoded slash'),
      target: undefined,
      claim: undefined,
      canonical: '/items%2Fnew',
      readings: [{ path: '/items/new', claim: { definition: { name: 'new' } } }],
    });
    expect(explain('GET *')).toMatchObject({ verdict: 'refused', canonical: undefined });
    expect(explain('GET /ä')).toMatchObject({
      verdict: 'refused',
      because: expect.stringContaining('encode'),
    });
  });

  test('as the write that it may be', () => {
    expect(explain('GET /items', { 'x-http-method-override': 'PATCH' })).toMatchObject({
      override: 'PATCH',
      claim: { definition: { name: 'under', kind: 'write' } },
    });
    expect(explain('GET /items').override).toBeUndefined();
  });

  test.each([
    ['GET /items/new', 'one', 'a fixed segment beats a parameter'],
    ['GET /items/7', 'under', 'a parameter beats the end of a prefix'],
    ['GET /items', 'under', 'a path that ends beats the end of a prefix'],
    ['HEAD /items/new', 'new', 'a HEAD route beats the GET route'],
    ['GET /items', 'add', 'it is for POST'],
    ['GET /items/7/x', 'tags', '"x" is not "tags"'],
    ['GET /items/7', 'tags', 'the path ends before "tags"'],
    ['GET /items', 'one', 'the path ends before :id'],
    ['GET /items/7/x', 'one', 'the path goes on with "/x"'],
    ['GET /other', 'list', '"other" is not "items"'],
  ])('%s is not %s: %s', (line, name, because) => expect(why(line, name)).toBe(because));

  test('with why a named method beats ANY, and a write what may be one', () => {
    const both: MigrationDefinition = {
      ...definition,
      routes: [
        { name: 'any', method: 'ANY', path: '/x', kind: 'read' },
        { name: 'put', method: 'PUT', path: '/x', kind: 'write' },
        { name: 'get', method: 'GET', path: '/x', kind: 'read' },
      ],
    };
    const explained = (method: string, headers = {}) =>
      explainRoutes(compileRoutes([both]), { method, url: '/x', headers }).others.map(
        ({ route, because }) => `${route.definition.name}: ${because}`,
      );
    expect(explained('GET')).toEqual([
      'any: a method that is named beats ANY',
      'put: it is for PUT',
    ]);
    expect(explained('GET', { 'x-http-method-override': 'PUT' })).toEqual([
      'any: a method that is named beats ANY',
      'get: it may be either method, and the stricter route counts',
    ]);
  });

  test('with the routes first that nearly were it', () => {
    const names = explain('GET /items/7/x').others.map(({ route }) => route.definition.name);
    expect(names.slice(0, 2)).toEqual(['one', 'tags']);
    const fitting = explain('GET /items').others.map(({ pathFits }) => pathFits);
    expect(fitting).toEqual(fitting.toSorted((a, b) => Number(b) - Number(a)));
  });

  test('as the facade finds it, whatever is asked', () => {
    const part = fc.constantFrom('items', 'new', '7', 'tags', '%2F', '..', ';x', '', '%6eew', '*');
    const url = fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(url, fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'), (path, method) => {
        const asking = { method, url: path, headers: {} };
        const asked = whatIsAsked((question) => findRoute(table, question), asking);
        const { verdict, claim, target, others } = explainRoutes(table, asking);
        const kind = 'found' in asked ? asked.found.kind : 'refused';
        expect({ verdict, target }).toEqual({
          verdict: kind,
          target: 'found' in asked ? asked.target : undefined,
        });
        expect(claim).toBe(
          'found' in asked && asked.found.kind === 'claimed' ? asked.found.claim : undefined,
        );
        // each of the others has a reason
        expect(others.filter(({ because }) => because === '')).toEqual([]);
      }),
    );
  });
});
