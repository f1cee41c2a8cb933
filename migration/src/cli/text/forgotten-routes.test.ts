import { expect, test } from '@jest/globals';
import { forgottenText, wroteText } from './forgotten-routes.ts';

const route = {
  method: 'POST',
  path: '/stock/:id',
  claimedBy: null,
  claimedAs: null,
  requests: 7,
  certain: 2,
  possible: 0,
  alone: 0,
  byChance: 0,
  verdict: 'certain',
  tables: ['public.products'],
  lastAt: '2026-01-01T00:00:00.000Z',
} as const;
const found = {
  context: 'catalog',
  epoch: 1,
  logged: 12,
  joined: 10,
  claimed: 3,
  past: [{ application: 'nightly', writes: 4 }],
  beforeRecord: 1,
  clockGapMs: 20,
  routes: [route],
};

test('each path is told with requests, writes, tables and how sure it is', () => {
  const [title, rows, ...rest] = forgottenText(found);
  expect(title).toBe('requests that catalog does not claim as writes, and that wrote its tables:');
  expect(rows?.split('\n')).toEqual([
    'method  path        requests  writes  tables           claimed by  how sure',
    'POST    /stock/:id  7         2       public.products  nobody      certain: 2 named it',
  ]);
  expect(rest.join('\n')).toBe(
    'of 12 logged writes, 10 were joined with the requests of facades: 3 by writes of catalog, ' +
      '4 while no facade had a write under way (nightly 4), 1 before facades kept a record',
  );
});

test.each([
  [
    { certain: 0, possible: 5, alone: 4, byChance: 0.2, verdict: 'likely' as const },
    'likely: 5 meanwhile, 4 of them alone, 0.2 by chance',
  ],
  [
    { certain: 1, possible: 5, alone: 0, byChance: 3 },
    'certain: 1 named it; possibly: 5 meanwhile, 0 of them alone, 3 by chance',
  ],
])('how sure: %j', (more, text) => {
  expect(forgottenText({ ...found, routes: [{ ...route, ...more }] }).join('\n')).toContain(text);
});

test('a route that only the writer named has no number of requests', () => {
  const unseen = {
    ...route,
    method: null,
    requests: 0,
    claimedBy: 'orders',
    claimedAs: 'write' as const,
  };
  expect(forgottenText({ ...found, routes: [unseen] }).join('\n')).toMatch(
    /any +\/stock\/:id +not told +2 +public\.products +orders/,
  );
});

test('a read that a context claims is told as one', () => {
  const read = { ...route, method: 'GET', claimedBy: 'catalog', claimedAs: 'read' as const };
  expect(forgottenText({ ...found, routes: [read] }).join('\n')).toMatch(
    /GET +\/stock\/:id +7 +2 +public\.products +catalog, as a read +certain: 2 named it/,
  );
});

test('clocks far apart are told; nothing found and nothing joined are, too', () => {
  expect(forgottenText({ ...found, clockGapMs: -2_400 }).at(-1)).toBe(
    "the monolith's database is -2400 ms ahead of the control database, which was taken off",
  );
  expect(forgottenText({ ...found, routes: [] })[0]).toBe(
    'no request but the writes of catalog is known to have written its tables',
  );
  expect(forgottenText({ ...found, joined: 0 })).toEqual([]);
  expect(
    wroteText({
      forgotten: [{ ...found, logged: 0, joined: 0 }],
      problems: [{ context: 'orders', problem: 'no database' }],
    }),
  ).toEqual([
    'which of them write tables of catalog is not known: strangler fence audit catalog on, then look again',
    'orders could not be looked at: no database',
  ]);
});
