import { expect, test } from '@jest/globals';
import type { MigrationDefinition, RouteDefinition } from '@strangler-toolkit/plan';
import { judgedRoutes } from './shadow-basis.ts';

const judged = (compare: RouteDefinition['compare'] & object): string => {
  const definition: MigrationDefinition = {
    context: 'items',
    data: 'none',
    monolith: { url: 'http://m' },
    service: { url: 'http://s' },
    routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read', compare }],
  };
  return judgedRoutes(definition);
};

test('what samples may hold makes no compared read void; how answers are judged does', () => {
  const rules = { unordered: ['/tags'] };
  expect(judged({ ...rules, show: ['/name'], redact: ['/token'] })).toBe(judged(rules));
  expect(judged({ ...rules, headers: ['etag'] })).not.toBe(judged(rules));
});
