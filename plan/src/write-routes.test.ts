import { expect, test } from '@jest/globals';
import type { RouteDefinition } from './migration.ts';
import { judgeWriteRoutes, writeRoutesOf } from './write-routes.ts';

const route = (name: string, kind: RouteDefinition['kind']): RouteDefinition => ({
  name,
  method: 'GET',
  path: `/${name}`,
  kind,
});

test('write routes are counted, and none at all is in order only with the reason why', () => {
  const reads = [route('a', 'read'), route('b', 'read')];
  const some = writeRoutesOf({ routes: [...reads, route('c', 'write')] });
  expect(some).toEqual({ count: 1, noneBecause: undefined });
  expect(judgeWriteRoutes(some)).toEqual({ ok: true, actual: '1' });
  const none = writeRoutesOf({ routes: reads });
  expect(judgeWriteRoutes(none)).toEqual({ ok: false, actual: '0' });
  const said = writeRoutesOf({ routes: reads, noWriteRoutes: 'a job' });
  expect(judgeWriteRoutes(said)).toEqual({ ok: true, actual: 'none: a job' });
});
