import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from './migration.ts';
import { planMark } from './plan-mark.ts';

const items: MigrationDefinition = {
  context: 'items',
  data: 'none',
  monolith: { url: 'http://m' },
  service: { url: 'http://s' },
  routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read' }],
};
const mark = (changes: Partial<MigrationDefinition> = {}): string =>
  planMark({ ...items, ...changes }, (text) => `${text}${' '.repeat(16)}`);
const whole = (changes: Partial<MigrationDefinition> = {}): string => {
  let hashed = '';
  planMark({ ...items, ...changes }, (text) => (hashed = text));
  return hashed;
};

test.each<[string, Partial<MigrationDefinition>]>([
  ['its data', { data: 'shared' }],
  ['its identity', { identity: ['cookie:sid'] }],
  ['an address', { service: { url: 'http://other' } }],
  ['a health address', { monolith: { url: 'http://m', health: '/up' } }],
  ['how many requests it takes', { service: { url: 'http://s', maxRequests: 5 } }],
  ['its instances', { service: { url: 'http://s', instances: ['http://t'] } }],
  ['a route', { routes: [{ name: 'list', method: 'GET', path: '/things', kind: 'read' }] }],
  ['how many reads reach its service', { rampCeiling: 5 }],
  ['who may stand in', { standInSeconds: 0 }],
])('a facade serves otherwise by another file when %s changes', (_what, changes) =>
  expect(whole(changes)).not.toBe(whole()),
);

test('gates and databases are nothing to a facade, and a mark is short', () => {
  const service = { ...items.service, database: 'postgresql://x' };
  expect(whole({ gates: { pacts: false }, service })).toBe(whole());
  expect(mark()).toHaveLength(16);
});
