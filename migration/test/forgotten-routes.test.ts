import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cli, json } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('forgotten');
  expect((await cli(['control', 'migrate'], scene.env)).code).toBe(0);
});
afterAll(() => scene?.close());

test('routes discover lists what no context claims with its counts, writes first, and whose routes are beside it', async () => {
  const nothing = await cli(['routes', 'discover'], scene.env);
  expect([nothing.code, nothing.stdout]).toEqual([0, expect.stringMatching(/^nothing: /)]);
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.unclaimed_requests
     VALUES (current_date, 'GET', '/about', 9, clock_timestamp()),
            (current_date, 'POST', '/api/products/:id/reviews', 2, clock_timestamp()),
            (current_date - 1, 'POST', '/api/products/:id/reviews', 3, clock_timestamp() - interval '1 day'),
            (current_date, 'PUT', '/api/products-of-old/:id', 1, clock_timestamp()),
            (current_date, 'GET', '/api/products/:id/price', 4, clock_timestamp()),
            (current_date - 8, 'GET', '/long-ago', 9, clock_timestamp() - interval '8 days')`,
  );
  const { routes } = json<{ routes: unknown[] }>(
    await cli(['routes', 'discover', '--json'], scene.env),
  );
  expect(routes).toMatchObject([
    {
      method: 'POST',
      path: '/api/products/:id/reviews',
      kind: 'write',
      requests: 5,
      near: ['catalog'],
    },
    { method: 'PUT', path: '/api/products-of-old/:id', kind: 'write', requests: 1, near: [] },
    { method: 'GET', path: '/about', kind: 'read', requests: 9, near: [] },
    {
      method: 'GET',
      path: '/api/products/:id/price',
      kind: 'read',
      requests: 4,
      near: ['catalog'],
    },
  ]);
  const { stdout } = await cli(['routes', 'discover'], scene.env);
  expect(stdout).toContain('4 of the last week, 2 of them writes');
});

test('doctor finds a replicated context without a write route, unless its file says why, and names unclaimed writes beside it', async () => {
  const look = async (changes: object) => {
    await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify({ ...shop, ...changes }));
    const { checks } = json<{
      checks: { check: string; context: string; ok: boolean; actual: string; remedy: string }[];
    }>(await cli(['doctor', 'catalog', '--json'], scene.env));
    return checks.filter(({ check }) => check === 'write routes');
  };
  const unclaimed = 'unclaimed beside them: POST /api/products/:id/reviews (5)';
  expect(await look({})).toMatchObject([
    { context: 'catalog', ok: true, actual: `1; ${unclaimed}` },
  ]);
  const routes = shop.routes.filter(({ kind }) => kind === 'read');
  expect(await look({ routes })).toMatchObject([
    {
      ok: false,
      actual: `0; ${unclaimed}`,
      remedy: expect.stringContaining('strangler routes discover'),
    },
  ]);
  expect(await look({ routes, noWriteRoutes: 'a job imports them' })).toMatchObject([
    { ok: true, actual: expect.stringContaining('none: a job imports them') },
  ]);
});

test('a cutover is refused for it, unless the file says why', async () => {
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('catalog', 'replicated', 'canary', 'monolith', 1)`,
  );
  const gate = async (changes: object) => {
    await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify({ ...shop, ...changes }));
    const { gates } = json<{ gates: { gate: string; ok: boolean; actual: string }[] }>(
      await cli(['can-i', 'cutover', 'catalog', '--json'], scene.env),
    );
    return gates.filter((one) => one.gate === 'write-routes');
  };
  const routes = shop.routes.filter(({ kind }) => kind === 'read');
  expect(await gate({ routes })).toMatchObject([{ ok: false, actual: '0' }]);
  expect(await gate({ routes, noWriteRoutes: 'a job imports them' })).toMatchObject([
    { ok: true, actual: 'none: a job imports them' },
  ]);
  expect(await gate({})).toMatchObject([{ ok: true, actual: '1' }]);
});
