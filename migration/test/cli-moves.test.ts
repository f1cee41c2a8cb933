import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  createTestDatabase,
  startUnleash,
  type TestDatabase,
  type UnleashServer,
  until,
} from '@strangler-toolkit/dev-stack';
import { type StandInBroker, startBroker } from '../../contracts/test/support/pact-broker.ts';
import { cli, json, type RunningCli, startCli } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

let scene: Scene;
let unleash: UnleashServer;
let unleashDatabase: TestDatabase;
let worker: RunningCli | undefined;
let broker: StandInBroker;
let sides: Server;
beforeAll(async () => {
  unleashDatabase = await createTestDatabase('moves_unleash');
  unleash = await startUnleash({ postgresUrl: unleashDatabase.url });
  broker = await startBroker();
  sides = createServer((_request, response) => void response.end('v1')).listen(0, '127.0.0.1');
  await once(sides, 'listening');
  const url = `http://127.0.0.1:${(sides.address() as AddressInfo).port}`;
  scene = await openScene('moves', {
    UNLEASH_URL: unleash.url,
    UNLEASH_ADMIN_TOKEN: unleash.adminToken,
    MONOLITH_URL: url,
    CATALOG_URL: url,
    PACT_BROKER_BASE_URL: broker.url,
    PACT_BROKER_ENVIRONMENT: 'production',
  });
  await writeFile(
    join(scene.dir, 'catalog.json'),
    JSON.stringify({
      ...shop,
      monolith: { ...shop.monolith, buildPath: '/version' },
      service: { ...shop.service, buildPath: '/version' },
      contracts: { pacts: 'pacts', provider: 'catalog' },
    }),
  );
});
afterAll(async () => {
  worker?.child.kill('SIGKILL');
  await worker?.done;
  await scene?.close();
  sides?.close();
  await broker?.stop();
  await unleash?.stop();
  await unleashDatabase?.drop();
});

const run = async (...args: string[]): Promise<Record<string, unknown>> => {
  const result = await cli([...args, '--json'], scene.env);
  if (result.code !== 0)
    throw new Error(`strangler ${args.join(' ')} exited ${result.code}: ${result.stderr}`);
  return json(result);
};
const count = async (database: TestDatabase, from: string): Promise<number> =>
  Number((await scene.sql(database, `SELECT count(*) AS n FROM ${from}`))[0]?.n);
// One story, told in order: each test begins where the one before ended.
test('replicate --until-caught-up copies every row, fences the target and ends by itself', async () => {
  const copied = await cli(['replicate', 'catalog', '--until-caught-up', '--json'], scene.env);
  expect([copied.code, json(copied)]).toMatchObject([
    0,
    { stage: 'replicating', direction: 'forward', caughtUp: true },
  ]);
  expect(copied.stderr).toContain('✓ copied 50 rows of products\n');
  expect(await count(scene.service, 'items')).toBe(50);
  await expect(
    scene.sql(scene.service, `INSERT INTO items (title) VALUES ('stray')`),
  ).rejects.toMatchObject({ code: 'SF001' });
});

test('the worker streams until Ctrl-C, which is no error of its own', async () => {
  const first = startCli(['replicate', 'catalog'], scene.env);
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('late')`);
  await until(
    'the row arrived',
    async () => (await count(scene.service, `items WHERE title = 'late'`)) === 1,
  );
  first.child.kill('SIGINT');
  expect((await first.done).code).toBe(130);
  worker = startCli(['replicate', 'catalog'], scene.env);
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('later')`);
  await until(
    'the second worker goes on',
    async () => (await count(scene.service, `items WHERE title = 'later'`)) === 1,
  );
});

test('verify exits 3 on a differing row, names it, repairs it, and then finds nothing', async () => {
  await scene.sql(
    scene.service,
    `ALTER TABLE items DISABLE TRIGGER ALL; UPDATE items SET title = 'wrong' WHERE id = 7; ALTER TABLE items ENABLE TRIGGER ALL`,
  );
  const found = await cli(['verify', 'catalog', '--json'], scene.env);
  expect(found.code).toBe(3);
  expect(json(found)).toMatchObject({
    differences: 1,
    tables: [{ differing: [{ kind: 'different' }] }],
  });
  const refused = await cli(['shadow', 'catalog', '--sample', '100', '--json'], scene.env);
  expect(refused.code).toBe(4);
  await run('verify', 'catalog', '--repair', '--keys', 'products:7', '--yes');
  expect(await scene.sql(scene.service, 'SELECT title FROM items WHERE id = 7')).toEqual([
    { title: 'product 7' },
  ]);
  expect(await run('verify', 'catalog')).toMatchObject({ differences: 0, rowsCompared: 52 });
});

test('who steps round the fence is told by the worker, doctor and gates, until the fence is set anew and all is verified', async () => {
  const held = async () =>
    json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
      await cli(['doctor', 'catalog', '--json'], scene.env),
    ).checks.find(({ check }) => check === 'service fence held');
  // Of the row before: what came after it was verified.
  expect(await held()).toMatchObject({
    ok: true,
    actual: expect.stringContaining('verified since'),
  });
  await scene.sql(
    scene.service,
    'ALTER TABLE items DISABLE TRIGGER ALL; ALTER TABLE items ENABLE TRIGGER ALL',
  );
  expect(await held()).toMatchObject({
    ok: false,
    actual: expect.stringContaining('the fence of public.items was switched off and on'),
  });
  await worker?.shows('strangler fence rearm catalog');
  const asked = await cli(['can-i', 'shadow', 'catalog', '--json'], scene.env);
  expect([asked.code, json(asked)]).toMatchObject([
    4,
    {
      nextCommand: 'strangler verify catalog',
      gates: expect.arrayContaining([
        expect.objectContaining({
          gate: 'verification',
          actual: expect.stringContaining('void since: the fence of public.items'),
        }),
      ]),
    },
  ]);
  const status = await cli(['fence', 'status', 'catalog'], scene.env);
  expect(status.stdout).toContain('fence on the service opened 2 times');
  expect(status.stdout).toContain('sessions in replica role pass the fence of public.items');
  expect((await cli(['fence', 'rearm', 'catalog', '--dry-run'], scene.env)).stdout).toContain(
    'public.items',
  );
  expect(await run('fence', 'rearm', 'catalog')).toMatchObject({
    side: 'service',
    owner: 'monolith',
    wereOpen: [],
    openings: { opened: 2 },
  });
  await expect(
    scene.sql(scene.service, 'SET session_replication_role = replica; DELETE FROM items'),
  ).rejects.toMatchObject({ code: 'SF001' });
  expect((await cli(['can-i', 'shadow', 'catalog'], scene.env)).code).toBe(4);
  await run('verify', 'catalog');
  await until(
    'the gates open',
    async () => (await cli(['can-i', 'shadow', 'catalog'], scene.env)).code === 0,
  );
  expect(await held()).toMatchObject({ ok: true });
});

test('a subscription of PostgreSQL that feeds a mapped table passes the fence: doctor names it, and what is to be decided of it, until it is decided or disabled', async () => {
  const slot = `feeding_${scene.service.name}`;
  const fed = (): Promise<number> => count(scene.service, 'items WHERE id = 9001');
  await scene.sql(
    scene.control,
    'CREATE TABLE items (id bigint PRIMARY KEY, title text); CREATE PUBLICATION feeding FOR TABLE items',
  );
  await scene.sql(
    scene.control,
    `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
  );
  await scene.sql(
    scene.service,
    `CREATE SUBSCRIPTION feeding CONNECTION '${scene.control.url}' PUBLICATION feeding
       WITH (create_slot = false, slot_name = '${slot}', copy_data = false)`,
  );
  try {
    await scene.sql(scene.control, `INSERT INTO items VALUES (9001, 'fed')`);
    await until('the row passed the fence', async () => (await fed()) === 1);
    const { checks } = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
      await cli(['doctor', 'catalog', '--json'], scene.env),
    );
    expect(checks.filter(({ check }) => check.endsWith(' subscriptions'))).toMatchObject([
      { check: 'service subscriptions', ok: false, actual: 'public.items' },
    ]);
    const questions = async () =>
      json<{ checks: { kind?: string; ok: boolean; actual: string; remedy: string }[] }>(
        await cli(['doctor', 'catalog', '--json'], scene.env),
      ).checks.filter(({ kind }) => kind === 'subscription');
    const asked = [
      {
        ok: false,
        check: 'subscription to items of the service',
        actual: expect.stringContaining('feeding writes public.items: row by row'),
        remedy: expect.stringContaining("subscriptions.service['items']: { reason:"),
      },
    ];
    expect(await questions()).toMatchObject(asked);
    const file = join(scene.dir, 'catalog.json');
    const before = await readFile(file, 'utf8');
    const reason = 'ends before the cutover';
    await writeFile(
      file,
      JSON.stringify({
        ...(JSON.parse(before) as object),
        subscriptions: { service: { items: { reason } } },
      }),
    );
    const decided = (await cli(['doctor', 'catalog'], scene.env)).stdout;
    expect(decided).not.toContain('service subscriptions');
    expect(await questions()).toMatchObject([
      { ok: true, actual: `${reason} (feeding writes public.items)` },
    ]);
    await writeFile(file, before);
    expect(await questions()).toMatchObject(asked);
    await scene.sql(scene.control, 'DELETE FROM items');
    await until('the row went', async () => (await fed()) === 0);
    await scene.sql(scene.service, 'ALTER SUBSCRIPTION feeding DISABLE');
    expect(await questions()).toEqual([]);
    expect((await cli(['doctor', 'catalog'], scene.env)).stdout).toContain(
      'public.items (disabled)',
    );
  } finally {
    await scene.sql(scene.service, 'ALTER SUBSCRIPTION feeding DISABLE');
    await scene.sql(
      scene.service,
      'ALTER SUBSCRIPTION feeding SET (slot_name = NONE); DROP SUBSCRIPTION feeding',
    );
    await until('the slot can go', () =>
      scene.sql(scene.control, `SELECT pg_drop_replication_slot('${slot}')`).then(
        () => true,
        () => false,
      ),
    );
  }
});

test('shadow, ramp and status lead to canary', async () => {
  expect(await run('shadow', 'catalog', '--sample', '100')).toMatchObject({ stage: 'shadowing' });
  expect(await run('status', 'catalog')).toMatchObject({
    stage: 'shadowing',
    nextMove: 'canary',
    verification: { ok: true },
    worker: { workerAlive: true },
    deadLetters: 0,
  });
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.shadow_counts VALUES ('catalog', 'list', 'match', 1, 10)`,
  );
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.route_stats SELECT 'catalog', 'list', side, clock_timestamp() + n * interval '1 second', 50, 0, ARRAY[50,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[] FROM generate_series(0, 30) n, unnest(ARRAY['monolith', 'service']) side`,
  );
  expect(await run('ramp', 'catalog', '--steps', '100', '--hold', '200ms')).toMatchObject({
    percent: 100,
  });
  expect((await cli(['doctor', 'catalog'], scene.env)).stdout).not.toContain('fence');
});

test('route changes a share unasked, and says so where a ramp would have asked', async () => {
  for (const [percent, raised] of [
    ['40', false],
    ['100', true],
  ] as const) {
    const done = await cli(['route', 'catalog', '--all', '--percent', percent], scene.env);
    const [{ detail } = {}] = await scene.sql(
      scene.control,
      `SELECT detail FROM strangler_control.journal WHERE step = 'route' ORDER BY id DESC LIMIT 1`,
    );
    expect([done.code, done.stderr.includes('no gate was asked'), detail]).toEqual([
      0,
      raised,
      { routes: ['list'], percent: Number(percent), ...(raised && { gates: 'not asked' }) },
    ]);
  }
});

test('a cutover without a facade is refused, and its dry run changes nothing', async () => {
  const refused = await cli(['cutover', 'catalog', '--yes', '--json'], scene.env);
  expect(refused.code).toBe(4);
  expect(json(refused)).toMatchObject({
    error: {
      details: {
        gates: expect.arrayContaining([expect.objectContaining({ gate: 'facades', ok: false })]),
      },
    },
  });
  expect(await run('cutover', 'catalog', '--dry-run', '--no-facade')).toMatchObject({
    dryRun: true,
  });
  expect(await run('status', 'catalog')).toMatchObject({
    stage: 'canary',
    owner: 'monolith',
    epoch: 1,
  });
});

test('cutover moves the writes, and says what the broker was not told', async () => {
  await run('fence', 'audit', 'catalog', 'on');
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('before')`);
  expect(await run('cutover', 'catalog', '--yes', '--no-facade')).toMatchObject({
    stage: 'service',
    owner: 'service',
    epoch: 2,
    // It knows no such version yet.
    deployment: { recorded: false },
  });
  // Reads go to the owner: whatever pacts and broker say, `ramp` does it.
  expect(await run('can-i', 'ramp', 'catalog')).toMatchObject({ yes: true, gates: [] });
  expect(await run('ramp', 'catalog', '--steps', '100', '--dry-run')).toMatchObject({
    dryRun: true,
  });
  await expect(
    scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('stray')`),
  ).rejects.toMatchObject({ code: 'SF001' });
  const user = (await scene.sql(scene.monolith, 'SELECT session_user AS user'))[0]?.user;
  expect(await run('fence', 'status', 'catalog')).toMatchObject({
    epoch: 2,
    monolith: {
      mode: 'refuse',
      refused: '1',
      lastRefusedAt: expect.any(String),
      refusedWriters: [{ table: 'public.products', operation: 'INSERT', user, writes: '1' }],
    },
    // The stray that replicate's fence refused was one of the epoch before.
    service: { refused: '0', refusedEarlier: '2', refusedWriters: [] },
  });
  const retire = json<{ gates: { gate: string; actual: string }[] }>(
    await cli(['can-i', 'retire', 'catalog', '--json'], scene.env),
  );
  // Without the write that the audit fence logged while the monolith owned.
  expect(retire.gates.filter(({ gate }) => gate === 'stray-writes')).toMatchObject([
    { actual: '1 refused or logged' },
  ]);
  const seen = ['fence', 'seen', 'catalog', '--reason', 'the job writes to the service now'];
  expect(await run(...seen, '--dry-run')).toMatchObject({
    actions: [{ action: expect.stringContaining('count 1 writes') }, {}],
  });
  const writers = [{ table: 'public.products', operation: 'INSERT', user, writes: '1' }];
  expect(await run(...seen)).toMatchObject({ epoch: 2, monolith: { refusedWriters: writers } });
  expect(await run('fence', 'status', 'catalog')).toMatchObject({
    monolith: { refused: '0', refusedEarlier: '1', refusedWriters: [] },
  });
  const journal = await cli(['journal', 'catalog', '--json'], scene.env);
  expect(journal.stdout).toMatch(/"fence-seen"[^]*the job writes to the service now[^]*"INSERT"/);
  await scene.sql(scene.service, `INSERT INTO items (title) VALUES ('born at the service')`);
  await until(
    'the row came back',
    async () => (await count(scene.monolith, `products WHERE name = 'born at the service'`)) === 1,
  );
});

/** As a command leaves it that was killed between the flip and its last line. */
const killedAfterFlip = (moveId: string) =>
  scene.sql(
    scene.control,
    `INSERT INTO strangler_control.journal (context, actor, move_id, step, status, epoch, detail)
     SELECT context, 'killed', '${moveId}', step, status, epoch, detail
       FROM strangler_control.journal
      WHERE context = 'catalog' AND actor <> 'killed'
        AND (step, status) IN (('move', 'started'), ('flip', 'done')) ORDER BY id`,
  );

test('a move that the worker finished is told the broker as well', async () => {
  const untold = async () => (await run('status', 'catalog')).untold;
  expect(await untold()).toMatchObject({ side: 'service', epoch: 2 });
  broker.versions.set('catalog v1', { tags: [] });
  await killedAfterFlip('00000000-0000-4000-8000-000000000001');
  await until('the worker told the broker', () => Promise.resolve(broker.deployed.length > 0));
  expect(broker.deployed).toEqual([
    { pacticipant: 'catalog', version: 'v1', environment: 'production' },
  ]);
  await until('it is journaled', async () => (await untold()) === null);
});

test('a way back after a dead command is decided while the broker that it is to tell says nothing', async () => {
  const [{ last } = {}] = await scene.sql(
    scene.control,
    'SELECT max(id) AS last FROM strangler_control.journal',
  );
  // Or it would be the worker that finishes the move.
  worker?.child.kill('SIGSTOP');
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.journal (context, actor, step, status, epoch, detail)
     VALUES ('catalog', 'pipeline', 'deployment', 'done', 2, '{"side":"monolith","environment":"production"}')`,
  );
  await killedAfterFlip('00000000-0000-4000-8000-000000000002');
  broker.faults.set('index', 'silence');
  // Without a facade it is refused.
  const back = startCli(['rollback', 'catalog', '--yes'], scene.env);
  const written = async () =>
    (
      await scene.sql(
        scene.control,
        `SELECT step, status FROM strangler_control.journal
          WHERE id > ${String(last)} AND (step = 'gates-rollback' OR (step, status) = ('deployment', 'failed')) ORDER BY id`,
      )
    ).map(({ step, status }) => `${String(step)} ${String(status)}`);
  await until('something is decided', async () => (await written()).length > 0);
  expect(await written()).toEqual(['gates-rollback refused']);
  broker.faults.delete('index');
  broker.hangUp();
  expect(await back.done).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('not recorded at the Pact Broker'),
  });
  worker?.child.kill('SIGCONT');
  await run('contracts', 'record-deployment', 'catalog');
});

test('rollback brings the writes back, nothing is lost, and the broker knows', async () => {
  const doctor = await cli(['doctor', 'catalog', '--json'], scene.env);
  expect(json<{ checks: { ok: boolean }[] }>(doctor).checks.filter((check) => !check.ok)).toEqual(
    [],
  );
  await until(
    'the worker reports for the new epoch',
    async () =>
      (await run('status', 'catalog')).nextMove === 'retire' &&
      (await cli(['rollback', 'catalog', '--dry-run', '--no-facade'], scene.env)).code === 0,
  );
  expect(await run('rollback', 'catalog', '--yes', '--no-facade')).toMatchObject({
    stage: 'canary',
    owner: 'monolith',
    epoch: 3,
    deployment: { recorded: true, side: 'monolith', version: 'v1' },
  });
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('back home')`);
  await until(
    'the forward stream runs again',
    async () => (await count(scene.service, `items WHERE title = 'back home'`)) === 1,
  );
  expect(await run('verify', 'catalog')).toMatchObject({ differences: 0 });
});

test('rollback leads stage by stage to the monolith and leaves no slot, publication or fence', async () => {
  expect(await run('rollback', 'catalog', '--yes')).toMatchObject({ stage: 'shadowing' });
  expect(await run('rollback', 'catalog', '--yes')).toMatchObject({ stage: 'replicating' });
  worker?.child.kill('SIGINT');
  await worker?.done;
  expect(await run('rollback', 'catalog', '--yes')).toMatchObject({ stage: 'monolith' });
  const { monolith, service } = scene;
  expect(
    await scene.sql(
      monolith,
      `SELECT slot_name FROM pg_replication_slots WHERE database IN ('${monolith.name}', '${service.name}')`,
    ),
  ).toEqual([]);
  expect(
    await scene.sql(
      monolith,
      `SELECT pubname FROM pg_publication WHERE pubname LIKE 'strangler_catalog_forward%'`,
    ),
  ).toEqual([]);
  await scene.sql(service, `INSERT INTO items (id, title) VALUES (99999, 'free again')`);
  expect(json(await cli(['doctor', 'catalog', '--json'], scene.env))).toMatchObject({ ok: true });
});

test('the audit fence shows who writes past the facade', async () => {
  await run('fence', 'audit', 'catalog', 'on');
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('nightly job')`);
  expect(await run('fence', 'status', 'catalog')).toMatchObject({
    epoch: 3,
    monolith: { mode: 'audit', refused: '0', refusedEarlier: '1', refusedWriters: [] },
    strayWriters: [1, 3].map((epoch) => ({
      side: 'monolith',
      epoch,
      operation: 'INSERT',
      writes: '1',
    })),
  });
  expect(await run('fence', 'audit', 'catalog', 'off')).toMatchObject({
    monolith: { mode: 'none' },
  });
});
