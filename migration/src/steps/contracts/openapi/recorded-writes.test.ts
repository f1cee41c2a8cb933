import { expect, test } from '@jest/globals';
import { compileRoutes } from '@strangler-toolkit/plan';
import { coverageOfWrites, recordedWrites } from './recorded-writes.ts';

test('requests that nobody answered are no refusals: there is nothing to describe, and it is told', () => {
  const [route] = compileRoutes([
    {
      context: 'shop',
      data: 'none',
      monolith: { url: 'http://127.0.0.1:1' },
      service: { url: 'http://127.0.0.1:2' },
      routes: [{ name: 'order', method: 'POST', path: '/orders', kind: 'write' }],
    },
  ]).routes;
  if (route === undefined) throw new Error('no route');
  const recorded = [{ method: 'POST', target: '/orders' }];
  const seen = recordedWrites(new Map([[route, recorded]]), undefined);
  expect(seen).toEqual([]);
  expect(coverageOfWrites(route, recorded, seen)).toMatchObject({
    requests: 1,
    gaps: ['no answer is recorded'],
  });
});
