import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder, until } from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { type MigrationDefinition, numberStatements } from '@strangler-toolkit/plan';
import { cli, json } from '../../migration/test/support/cli.ts';
import { openScene, type Scene, shop } from '../../migration/test/support/scene.ts';
import { createFacade, type Facade } from '../src/index.ts';
import { startWritingShop, type WritingShop } from './support/writing-shop.ts';

// An audit fence logs what is written, facades know who was under way: joined, they name the route that somebody forgot.
let scene: Scene;
let monolith: WritingShop;
let folder: TemporaryFolder;
const facades: Facade[] = [];
beforeAll(async () => {
  scene = await openScene('joined');
  monolith = await startWritingShop(scene.monolith.url);
  folder = await temporaryFolder('joined');
  expect(await cli(['control', 'migrate'], scene.env)).toMatchObject({ code: 0 });
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('catalog', 'replicated', 'monolith', 'monolith', 1)`,
  );
});
afterAll(async () => {
  await Promise.all(facades.map((facade) => facade.stop()));
  await monolith?.close();
  await folder?.remove();
  await scene?.close();
});

/** Starts a facade; what comes back asks it for `METHOD /path`. */
async function start(
  name: string,
  context: object = shop,
): Promise<(line: string) => Promise<void>> {
  const facade = createFacade({
    name,
    contexts: [context as unknown as MigrationDefinition],
    monolithUrl: monolith.url,
    env: { ...scene.env, MONOLITH_URL: monolith.url },
    controlUrl: scene.control.url,
    stateDir: join(folder.path, name),
    port: 0,
    adminPort: 0,
    log: pino({ name }, pino.destination({ dest: join(folder.path, 'facade.log'), sync: true })),
  });
  facades.push(facade);
  const { port } = await facade.start();
  return async (line) => {
    const [method = '', path = ''] = line.split(' ');
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    expect([line, answer.status, await answer.text()]).toEqual([line, 200, 'done']);
  };
}

/** From every request, that is farther than the clocks that are compared may be apart. */
const farEnough = () => scene.sql(scene.control, 'SELECT pg_sleep(0.4)');

async function nightlyJob(): Promise<void> {
  const url = new URL(scene.monolith.url);
  url.searchParams.set('application_name', 'nightly');
  const text = `UPDATE products SET name = 'aged' WHERE id = 4`;
  await scene.sql({ ...scene.monolith, url: url.href }, text);
}

const doctor = async (changes: object) => {
  await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify({ ...shop, ...changes }));
  const { checks } = json<{
    checks: { check: string; ok: boolean; actual: string; remedy: string }[];
  }>(await cli(['doctor', 'catalog', '--json'], scene.env));
  return checks.filter(({ check }) => check === 'forgotten routes');
};

test('without an audit fence nothing is joined, and routes discover says how to begin', async () => {
  expect(await doctor({})).toEqual([]);
  const { stdout } = await cli(['routes', 'discover'], scene.env);
  expect(stdout).toContain('strangler fence audit catalog on');
  expect(json(await cli(['fence', 'status', 'catalog', '--json'], scene.env))).toMatchObject({
    forgotten: { logged: 0, joined: 0, routes: [] },
  });
});

test('paths that wrote mapped tables through any facade are listed: certain by trace or route, else by time', async () => {
  const set = await cli(['fence', 'audit', 'catalog', 'on'], scene.env);
  expect([set.code, set.stderr]).toEqual([0, '']);
  const [one, two] = [await start('one'), await start('two')];
  // nothing else is under way: what is written meanwhile is this path's
  for (const ask of [one, two, one]) await ask('PUT /stock/17');
  await farEnough();
  await one('POST /api/products');
  await farEnough();
  // beside a slow request that writes nothing only a name tells
  const slow = two('POST /slow');
  await monolith.waiting();
  await one('PATCH /labels/9');
  await two('DELETE /prices/8');
  monolith.release();
  await slow;
  await farEnough();
  await nightlyJob();
  // what was not sent yet goes with the facades
  await Promise.all(facades.splice(0).map((facade) => facade.stop()));

  const status = await cli(['fence', 'status', 'catalog', '--json'], scene.env);
  const { forgotten } = json<{ forgotten: { routes: { path: string }[] } }>(status);
  const named = { requests: 1, certain: 1, possible: 0, verdict: 'certain', claimedBy: null };
  expect(forgotten).toMatchObject({
    context: 'catalog',
    epoch: 1,
    logged: 7,
    joined: 7,
    claimed: 1,
    past: [{ application: 'nightly', writes: 1 }],
    beforeRecord: 0,
    routes: [
      { ...named, method: 'PATCH', path: '/labels/:id' },
      { ...named, method: 'DELETE', path: '/prices/:id' },
      { method: 'PUT', path: '/stock/:id', requests: 3, certain: 0, possible: 3, alone: 3 },
    ],
  });
  expect(forgotten.routes).toHaveLength(3);
  expect(forgotten.routes[2]).toMatchObject({ tables: ['public.products'] });
  const { stdout } = await cli(['fence', 'status', 'catalog'], scene.env);
  expect(stdout).toMatch(/PATCH +\/labels\/:id +1 +1 +public\.products +nobody +certain: 1 named/);
  expect(stdout).toContain('1 while no facade had a write under way (nightly 1)');
  expect(json(await cli(['routes', 'discover', '--json'], scene.env))).toMatchObject({
    forgotten: [{ context: 'catalog', routes: forgotten.routes.map(({ path }) => ({ path })) }],
    problems: [],
  });
});

test('doctor finds what is certain until a context claims it, and routes discover goes on without a database', async () => {
  expect(await doctor({})).toMatchObject([
    {
      ok: false,
      actual: expect.stringContaining('PATCH /labels/:id (1 writes, certain)'),
      remedy: expect.stringContaining('strangler fence status catalog'),
    },
  ]);
  const gone = await cli(['routes', 'discover', '--json'], {
    ...scene.env,
    MONOLITH_DATABASE_URL: 'postgresql://127.0.0.1:1/none',
  });
  expect([gone.code, json(gone)]).toMatchObject([
    0,
    { forgotten: [], problems: [{ context: 'catalog', code: 'DB_UNREACHABLE' }] },
  ]);
});

test('what facades saw is a first context file, from the control database and from their log', async () => {
  const init = ['init', '--context', 'labels', '--dry-run'];
  for (const source of [['--unclaimed'], ['--traffic', join(folder.path, 'facade.log')]]) {
    const { code, stdout } = await cli([...init, ...source], scene.env);
    expect([source[0], code]).toEqual([source[0], 0]);
    for (const [method, path] of [
      ['PUT', '/stock/:id'],
      ['PATCH', '/labels/:id'],
      ['DELETE', '/prices/:id'],
      ['POST', '/slow'],
    ])
      expect(stdout).toMatch(
        new RegExp(`method: '${method}',\\s+path: '${path}',\\s+kind: 'write'`),
      );
    // another context's
    expect(stdout).not.toContain('/api/products');
  }
  const nothing = await cli([...init, '--unclaimed', '--path-prefix', '/none'], scene.env);
  expect([nothing.code, nothing.stderr]).toEqual([
    2,
    expect.stringMatching(/CONFIG_INVALID: No facade told .* below \/none[^]*routes discover/),
  ]);
  const both = await cli([...init, '--unclaimed', '--traffic', 'x'], scene.env);
  expect(both.code).toBe(2);
});

test('a read that writes is told as well while the audit stands: certain where it names its trace, likely where nothing else can have been it', async () => {
  const view = { name: 'view', method: 'GET', path: '/api/views/:id', kind: 'read' };
  const claims = { routes: [...shop.routes, view] };
  const ask = await start('three', { ...shop, ...claims });
  const reads = async () =>
    await scene.sql(
      scene.control,
      `SELECT path FROM strangler_control.write_windows WHERE method = 'GET'`,
    );
  await until('the facade has heard of the audit', async () => {
    await ask('GET /about');
    return (await reads()).length > 0;
  });
  await ask('GET /badges/3');
  await ask('GET /api/views/3');
  const found = async () => {
    const { forgotten } = json<{ forgotten: { routes: { path: string; verdict: string }[] } }>(
      await cli(['fence', 'status', 'catalog', '--json'], scene.env),
    );
    return forgotten.routes.filter(({ path }) => /track|badges|about|views/.test(path));
  };
  // farther from each other than two reads of a path that are told of as one
  await until(
    'three times are told of',
    async () => {
      await ask('GET /track/4');
      return (await reads()).filter(({ path }) => path === '/track/:id').length > 2;
    },
    { everyMs: 1_050 },
  );
  const read = { method: 'GET', claimedBy: null };
  // what a file claims as a read is one whatever else it is
  expect((await doctor(claims))[0]?.actual).toContain(
    'GET /api/views/:id (1 writes, certain, a read of catalog)',
  );
  expect(await found()).toMatchObject([
    {
      ...read,
      path: '/api/views/:id',
      claimedBy: 'catalog',
      claimedAs: 'read',
      requests: 1,
      certain: 1,
      verdict: 'certain',
    },
    { ...read, path: '/badges/:id', requests: 1, certain: 1, verdict: 'certain' },
    { ...read, path: '/track/:id', certain: 0, verdict: 'likely' },
  ]);
  const asWrite = { routes: [...shop.routes, { ...view, kind: 'write' }] };
  const [left] = await doctor(asWrite);
  expect(left?.actual).toContain('GET /badges/:id (1 writes, certain)');
  expect(left?.actual).not.toContain('views');
});

test('facades hear of an audit by the journal, until it is off or the owner changed', async () => {
  const stands = async () =>
    (await scene.sql(scene.control, numberStatements.auditStands))[0]?.stands;
  expect(await stands()).toBe(true);
  await scene.sql(
    scene.control,
    `UPDATE strangler_control.contexts SET owner = 'service', epoch = 2, owned_since = clock_timestamp()`,
  );
  expect(await stands()).toBe(false);
  await scene.sql(
    scene.control,
    `UPDATE strangler_control.contexts SET owner = 'monolith', epoch = 3, owned_since = clock_timestamp()`,
  );
  expect(await stands()).toBe(false);
  for (const [action, expected] of [
    ['on', true],
    ['off', false],
  ] as const) {
    const { code, stderr } = await cli(['fence', 'audit', 'catalog', action], scene.env);
    expect([code, stderr, await stands()]).toEqual([0, '', expected]);
  }
  await scene.sql(scene.control, 'DELETE FROM strangler_control.contexts');
  expect(await stands()).toBe(false);
});
