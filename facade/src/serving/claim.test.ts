import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import { upstreamBreaker } from '../resilience/breaker.ts';
import { type Claim, claimsOf } from './claim.ts';

const items: MigrationDefinition = {
  context: 'items',
  data: 'none',
  monolith: { url: { env: 'SHOP_URL' }, health: '/up' },
  service: { url: 'http://items', health: '/health' },
  identity: ['cookie:sid', 'answer:X-Session'],
  routes: [
    { name: 'list', method: 'GET', path: '/items', kind: 'read' },
    { name: 'add', method: 'POST', path: '/items', kind: 'write' },
    { name: 'search', method: 'POST', path: '/search', kind: 'read' },
  ],
};
const tags: MigrationDefinition = {
  context: 'tags',
  data: 'none',
  monolith: { url: 'http://shop' },
  service: { url: 'http://tags' },
  routes: [
    { name: 'list', method: 'GET', path: '/tags', kind: 'read' },
    { name: 'drop', method: 'DELETE', path: '/tags', kind: 'write' },
  ],
};

function scene(
  definitions = [items, tags],
  env: Record<string, string> = { SHOP_URL: 'http://shop' },
) {
  const asked: string[] = [];
  const breakers = new Map<string, ReturnType<typeof upstreamBreaker>>();
  const breaker = (context: string, side: Side) => {
    const one = upstreamBreaker(() => {});
    asked.push(`${context} ${side}`);
    breakers.set(`${context} ${side}`, one);
    return one;
  };
  return { claims: claimsOf({ definitions, env, breaker }), asked, breakers };
}
const question = (method: string, rawPath: string, override?: string) => ({
  method,
  rawPath,
  override,
  host: undefined,
  search: '',
  lines: { headers: {} },
});
const found = (method: string, path: string, override?: string) => {
  const answer = scene().claims.find(question(method, path, override));
  if (answer.kind !== 'claimed') return answer.kind;
  const { context, definition } = answer.claim.route;
  return `${context} ${definition.name} ${definition.kind}`;
};

test('a ramp ceiling is over reads, and not over one that may be a write', () => {
  const { claims } = scene([{ ...items, rampCeiling: 5 }]);
  const ceilings = (method: string, override?: string) => {
    const answer = claims.find(question(method, '/search', override));
    if (answer.kind !== 'claimed') throw new Error(answer.kind);
    const { ceilings: all, route } = answer.claim;
    return [route.definition.name, route.definition.kind, all.map((one) => one.perSecond)];
  };
  expect(ceilings('POST')).toEqual(['search', 'read', [5]]);
  expect(ceilings('POST', 'PUT')).toEqual(['search', 'write', []]);
});

describe('what contexts claim', () => {
  test('is each route once, with the plan of its context', () => {
    const { claims, asked, breakers } = scene();
    expect(claims.all.map(({ route, plan }) => `${plan.name} ${route.definition.name}`)).toEqual([
      'items list',
      'items add',
      'items search',
      'tags list',
      'tags drop',
    ]);
    expect(claims.plans).toHaveLength(2);
    expect(new Set(claims.all.map(({ plan }) => plan)).size).toBe(2);
    expect(claims.plans[0]).toMatchObject({
      name: 'items',
      urls: { monolith: 'http://shop', service: 'http://items' },
      health: { monolith: '/up', service: '/health' },
    });
    expect(claims.plans[1]).toMatchObject({
      name: 'tags',
      urls: { monolith: 'http://shop', service: 'http://tags' },
      health: { monolith: undefined, service: undefined },
    });
    expect(asked).toEqual(['items monolith', 'items service', 'tags monolith', 'tags service']);
    expect(claims.plans[1]?.breakers.service).toBe(breakers.get('tags service'));
    expect(claims.plans[1]?.breakers.monolith).toBe(breakers.get('tags monolith'));
  });

  test('has the flags of its own name', () => {
    expect(scene().claims.all.at(-1)?.flags).toEqual({
      kill: 'tags.kill',
      route: 'tags.drop',
      shadow: 'tags.drop.shadow',
    });
  });

  test('names the headers of answers that change whom requests belong to', () => {
    expect([...scene().claims.answerHeaders]).toEqual(['set-cookie', 'x-session']);
    expect([...scene([tags]).claims.answerHeaders]).not.toContain('x-session');
  });

  test('needs each address, and says which context and side lacks it', () => {
    expect(() => scene([items], {})).toThrow(/contexts\/items: monolith\.url/);
    const missing = { ...tags, service: { url: { env: 'TAGS_URL' } } };
    expect(() => scene([missing])).toThrow(/contexts\/tags: service\.url/);
  });
});

describe('a request', () => {
  test.each([
    ['GET', '/items', 'items list read'],
    ['POST', '/items', 'items add write'],
    ['POST', '/search', 'items search read'],
    ['GET', '/tags', 'tags list read'],
    ['DELETE', '/tags', 'tags drop write'],
    ['PATCH', '/tags', 'unclaimed'],
    ['GET', '/elsewhere', 'unclaimed'],
  ])('%s %s is claimed by: %s', (method, path, claim) => {
    expect(found(method, path)).toBe(claim);
  });

  test.each([
    ['POST', '/items', 'DELETE', 'items add write', 'the method in the line writes'],
    ['GET', '/tags', 'DELETE', 'tags drop write', 'the other method writes'],
    ['POST', '/search', 'PUT', 'items search write', 'a read may be another method'],
    ['PATCH', '/items', 'GET', 'items list write', 'only the other method is claimed'],
    ['PATCH', '/tags', 'PUT', 'unclaimed', 'neither is claimed'],
  ])('%s %s that may be a %s is claimed by: %s (%s)', (method, path, override, claim) => {
    expect(found(method, path, override)).toBe(claim);
  });

  test('that may be a write keeps flags and plan of its route', () => {
    const { claims } = scene();
    const read = claims.find(question('POST', '/search'));
    const write = claims.find(question('POST', '/search', 'PUT'));
    const { flags, plan } = (read as { claim: Claim }).claim;
    expect(write).toMatchObject({ kind: 'claimed', path: '/search', claim: { flags } });
    expect((write as { claim: Claim }).claim.plan).toBe(plan);
  });
});
