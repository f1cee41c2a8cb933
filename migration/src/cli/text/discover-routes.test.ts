import { expect, test } from '@jest/globals';
import { discoveredText } from './discover-routes.ts';

test('what no context claims is told with its counts, and nothing is nothing', () => {
  const text = discoveredText([
    {
      method: 'POST',
      path: '/api/products/:id/reviews',
      kind: 'write',
      requests: 7,
      lastAt: '2026-11-29T11:00:00Z',
      near: ['catalog'],
    },
    {
      method: 'GET',
      path: '/',
      kind: 'read',
      requests: 1200,
      lastAt: '2026-11-29T11:00:01Z',
      near: [],
    },
  ]);
  expect(text).toMatch(/^method +path +kind +requests +last +beside routes of/);
  expect(text).toMatch(
    /POST +\/api\/products\/:id\/reviews +write +7 +2026-11-29T11:00:00Z +catalog/,
  );
  expect(text).toContain('2 of the last week, 1 of them writes; all pass to the monolith');
  expect(discoveredText([])).toMatch(/^nothing: /);
});
