import { describe, expect, test } from '@jest/globals';
import type { RouteExplanation } from '../../steps/routes/explain-route.ts';
import { explanationText, routesText } from './routes.ts';

const row = {
  context: 'goods',
  route: 'one',
  method: 'GET',
  path: '/goods/:id',
  when: [],
  kind: 'read',
  data: 'replicated',
  owner: 'monolith',
  epoch: 1,
  stage: 'canary',
} as const;
const flag = { name: 'f', exists: true, enabled: true, percent: 25, otherStrategies: 0 };
const claimed: RouteExplanation = {
  request: { method: 'GET', target: '//goods/7' },
  verdict: 'claimed',
  because: null,
  canonical: '/goods/7',
  upstreamTarget: '/goods/7',
  override: null,
  graphql: null,
  readings: [],
  route: row,
  ownersProblem: null,
  held: false,
  flags: { killed: false, route: flag, shadow: flag, problem: null },
  identity: { sources: ['cookie:sid'], found: 1 },
  pins: { count: 2, since: null, streams: true },
  tester: null,
  shadowPercent: 10,
  answers: [
    { target: 'service', reason: 'flag', percent: 25 },
    { target: 'monolith', reason: 'flag', percent: 75 },
  ],
  others: [],
};
const other = (route: string, shared: number, pathFits = false) => ({
  route,
  method: 'POST',
  path: `/${route}`,
  because: 'why',
  pathFits,
  shared,
});
/** The lines of one name, without it. */
const lines = (name: string, given: Partial<RouteExplanation> = {}): string[] => {
  const all = explanationText({ ...claimed, ...given }).split('\n');
  const first = all.findIndex((line) => line.slice(2, 15).trim() === name);
  if (first === -1) return [];
  const after = all.slice(first + 1).findIndex((line) => line.slice(2, 15).trim() !== '');
  return all
    .slice(first, after === -1 ? undefined : first + 1 + after)
    .map((line) => line.slice(16));
};

test('the table names each route, and why owners are not known', () => {
  expect(routesText({ routes: [row], ownersProblem: null }).split('\n')).toEqual([
    'method  path        route      kind  data        owner',
    'GET     /goods/:id  goods.one  read  replicated  monolith (canary)',
  ]);
  const asking = { ...row, when: ['header x-tenant a or b', 'query v 2'] };
  expect(routesText({ routes: [asking], ownersProblem: null })).toContain(
    '/goods/:id, header x-tenant a or b, query v 2  goods.one',
  );
  const unknown = { ...row, owner: null, epoch: null, stage: null };
  expect(
    routesText({ routes: [unknown], ownersProblem: 'down' })
      .split('\n')
      .slice(1),
  ).toEqual([
    'GET     /goods/:id  goods.one  read  replicated  not known',
    'owners are not known: down',
  ]);
});

test('a claimed read on one screen', () => {
  expect(explanationText(claimed)).toBe(
    `GET //goods/7
  canonical     /goods/7
  claimed by    goods.one (GET /goods/:id), read
  upstream gets /goods/7
  owner         monolith (epoch 1, stage canary), data replicated
  flag          25 % of identities to the service
  pin           this identity: not pinned; 2 others are
  answers       service for 25 %: the flag says so
                monolith for 75 %: the flag says so
  shadow        10 % are mirrored`,
  );
});

describe('an explanation', () => {
  test('of a write has no flag, pin or shadow where data could fork', () => {
    const write = { ...row, kind: 'write' } as const;
    const answers = [{ target: 'monolith', reason: 'owner', percent: 100 }] as const;
    const text = explanationText({ ...claimed, route: write, pins: null, answers });
    expect(text).not.toMatch(/\n {2}(flag|pin|shadow) /);
    expect(lines('answers', { answers })).toEqual([
      'monolith: it owns the data, and no flag moves that',
    ]);
    expect(lines('owner', { held: true })[0]).toMatch(/WRITES ARE HELD$/);
    const shared = { ...write, data: 'shared' } as const;
    expect(lines('flag', { route: shared })).toHaveLength(1);
  });

  test('of what nobody claims, and of what is refused', () => {
    const nobody = { route: null, flags: null, pins: null, identity: null, held: false };
    const wire = { ...nobody, verdict: 'unclaimed' as const };
    const passes = [{ target: 'monolith', reason: 'unclaimed', percent: 100 }] as const;
    expect(lines('claimed by', wire)).toEqual(['nobody']);
    expect(lines('answers', { ...wire, answers: passes })[0]).toMatch(/^monolith: no context/);
    const refused = { ...nobody, verdict: 'refused' as const, because: 'odd', answers: [] };
    expect(lines('claimed by', refused)).toEqual(['nobody may say, 400 PATH_REFUSED: odd']);
    expect(lines('answers', refused)).toEqual([]);
    expect(lines('canonical', { ...refused, canonical: null })).toEqual(['none']);
    expect(lines('upstream gets', { ...refused, upstreamTarget: null })).toEqual([]);
    const readings = [
      { path: '/a', because: 'x', route: 'goods.one' },
      { path: '/b', because: 'y', route: null },
    ];
    const shown = explanationText({ ...claimed, readings });
    expect(shown).toContain('  also read as  /a: goods.one (x)\n  also read as  /b: nobody’s (y)');
  });

  test('says what it does not know, and why', () => {
    const owners = { route: { ...row, owner: null }, ownersProblem: 'down', answers: [] };
    expect(lines('owner', owners)).toEqual(['not known: down']);
    expect(lines('answers', owners)).toEqual(['not known: down']);
    const flags = { killed: false, route: null, shadow: null, problem: 'no Unleash' };
    expect(lines('flag', { flags })).toEqual(['not known: no Unleash']);
    expect(lines('shadow', { shadowPercent: null })).toEqual(['not known']);
    const answers = [{ target: 'service', reason: 'flag', percent: null }] as const;
    expect(lines('answers', { answers })).toEqual(['service, or not, as the flag says']);
  });

  test('tells what people did to flags, and which method may be meant', () => {
    const route = { ...flag, otherStrategies: 2 };
    const flags = { killed: true, route, shadow: null, problem: null };
    expect(lines('flag', { flags })).toEqual([
      '25 % of identities to the service, 2 rules that people added, the kill switch of goods is ON',
    ]);
    const named = { ...flags, killed: false, route: { ...flag, identities: ['0f'] } };
    expect(lines('flag', { flags: named })).toEqual([
      '25 % of identities to the service, all of those who are named',
    ]);
    const missing = { ...flags, killed: false, route: { ...flag, exists: false } };
    expect(lines('flag', { flags: missing })).toEqual(['not made']);
    expect(lines('may be', { override: 'PUT' })).toEqual([
      'PUT: what could be a write counts as one',
    ]);
  });

  test('names whose pin it is', () => {
    const pins = { count: 1, since: 'noon', streams: true };
    expect(lines('pin', { pins })).toEqual([
      'this identity: reads the owner since the write of noon',
    ]);
    const nobody = { identity: { sources: ['cookie:sid'], found: 0 } };
    expect(lines('pin', nobody)).toEqual([
      'nobody is named (cookie:sid): not pinned; 2 others are',
    ]);
    expect(lines('pin', { identity: { sources: [], found: 0 } })[0]).toMatch(/^the context has no/);
    expect(lines('pin', { pins: { count: 0, since: null, streams: false } })[0]).toMatch(
      /^nothing streams/,
    );
  });

  test('shows routes of the same path, the nearest others, and counts the rest', () => {
    const near = [1, 2, 3, 4, 5, 6].map((number) => other(`near${number}`, 1));
    expect(lines('not', { others: [other('same', 1, true), ...near, other('far', 0)] })).toEqual([
      'same (POST /same): why',
      ...[1, 2, 3, 4, 5].map((number) => `near${number} (POST /near${number}): why`),
      '2 routes of other paths',
    ]);
    expect(lines('not', { others: [other('same', 1, true)] })).toHaveLength(1);
  });
});

test("a tester's token: whose reads it moves, or why it counts for nothing", () => {
  const tester = {
    counts: true,
    because: 'of anna, until 2027',
    contexts: ['catalog'],
    side: 'service',
  } as const;
  const reads = 'reads of catalog by the service (of anna, until 2027)';
  expect(lines('tester')).toEqual([]);
  expect(lines('tester', { tester, route: { ...row, context: 'catalog' } })).toEqual([reads]);
  expect(lines('tester', { tester, route: { ...row, context: 'orders' } })).toEqual([
    `${reads}; not of this context`,
  ]);
  expect(lines('tester', { tester, route: { ...row, kind: 'write' } })).toEqual([
    `${reads}; this is a write`,
  ]);
  const expired = { counts: false, because: 'it has expired', contexts: [], side: null };
  expect(lines('tester', { tester: expired })).toEqual(['counts for nothing: it has expired']);
});
