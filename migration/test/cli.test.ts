import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  startPostgres,
  startUnleash,
  type UnleashServer,
  createTestDatabase,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { openControl } from '../src/control/index.ts';
import { UnleashAdmin } from '../src/flags/unleash/unleash-admin.ts';
import { cli, json, startCli } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

let scene: Scene;
let unleash: UnleashServer;
let unleashDatabase: TestDatabase;
let admin: UnleashAdmin;
beforeAll(async () => {
  unleashDatabase = await createTestDatabase('cli_unleash');
  unleash = await startUnleash({ postgresUrl: unleashDatabase.url });
  admin = new UnleashAdmin({
    url: unleash.url,
    adminToken: unleash.adminToken,
    environment: 'development',
    project: 'default',
  });
  scene = await openScene('cli', {
    UNLEASH_URL: unleash.url,
    UNLEASH_ADMIN_TOKEN: unleash.adminToken,
  });
});
afterAll(async () => {
  await scene?.close();
  await unleash?.stop();
  await unleashDatabase?.drop();
});

const failing = async (
  args: string[],
  env: Record<string, string | undefined>,
  code = 1,
): Promise<string> => {
  const result = await cli([...args, '--json'], env);
  expect(result.code).toBe(code);
  const { error } = json<{ error: { code: string; message: string; remedy: string } }>(result);
  expect(error.remedy).not.toBe('');
  expect(result.stderr).toContain(error.remedy);
  return `${error.code}: ${error.message}`;
};

const commands = [
  'init',
  'doctor',
  'status',
  'replicate',
  'verify',
  'resync',
  'shadow',
  'route',
  'ramp',
  'cutover',
  'rollback',
  'retire',
  'journal',
  'can-i',
  'dev',
  'dead-letters',
  'dead-letters list',
  'dead-letters show',
  'dead-letters replay',
  'dead-letters drop',
  'contracts',
  'contracts verify',
  'fence',
  'fence audit',
  'fence seen',
  'fence status',
  'outbox',
  'outbox connect',
  'outbox disconnect',
  'outbox status',
];
const changing = [
  'init',
  'replicate',
  'verify',
  'resync',
  'shadow',
  'route',
  'ramp',
  'cutover',
  'rollback',
  'retire',
  'dead-letters replay',
  'dead-letters drop',
  'contracts verify',
  'fence audit',
  'fence seen',
  'outbox connect',
  'outbox disconnect',
];

describe('help and usage', () => {
  test.each(commands)('strangler %s --help shows an example', async (command) => {
    const { code, stdout } = await cli([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  \\$ strangler ${command}`));
    if (changing.includes(command)) expect(stdout).toMatch(/--dry-run[^]*--yes/);
    if (!['dead-letters', 'contracts', 'fence', 'outbox'].includes(command))
      expect(stdout).toMatch(/--json[^]*--contexts[^]*--control/);
  });

  test.each([
    [['bogus']],
    [['cutover']],
    [['fence', 'seen', 'catalog']],
    [['status', '--colour']],
    [['route', 'catalog', 'list', '--percent', '101']],
    [['ramp', 'catalog', '--hold', 'long']],
    [['ramp', 'catalog', '--steps', '50,25']],
    [['status', 'catalgo']],
    [['route', 'catalog', 'lits', '--percent', '5']],
    [['shadow', 'rates', '--sample', '5', '--force']],
  ])('%j exits 2', async (args) => {
    expect(await cli(args, scene.env)).toMatchObject({ code: 2, stdout: '' });
  });

  test('a step of a ramp that is no percentage is named, with the rule it breaks', async () => {
    const { code, stderr } = await cli(['ramp', 'catalog', '--steps', '1,many'], scene.env);
    expect(code).toBe(2);
    expect(stderr).toContain('must be a whole number from 0 to 100');
  });

  test('a write of a replicated context is not routed by flags, and the way that moves it is named', async () => {
    const { code, stderr } = await cli(
      ['route', 'catalog', 'create', '--percent', '50'],
      scene.env,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('writes go to the owner');
    expect(stderr).toContain('strangler cutover catalog');
  });

  test('a step that changes the owner asks, and where nobody can answer it needs --yes', async () => {
    const { code, stderr } = await cli(['cutover', 'catalog'], scene.env);
    expect(code).toBe(2);
    expect(stderr).toContain('CONFIRMATION_NEEDED');
  });
});

describe('configuration that is wrong', () => {
  test('a wrong field is told with file and field', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'strangler-wrong-'));
    await writeFile(
      join(dir, 'catalog.json'),
      JSON.stringify({ ...shop, routes: [{ ...shop.routes[0], path: 'x' }] }),
    );
    expect(await failing(['status'], { ...scene.env, STRANGLER_CONTEXTS: dir }, 2)).toMatch(
      /^CONFIG_INVALID: .*catalog\.json: routes\[0\]\.path must start with "\/"/,
    );
    await rm(dir, { recursive: true });
  });
  test('a missing variable is named with what it is for', async () => {
    expect(
      await failing(['status'], { ...scene.env, STRANGLER_CONTROL_URL: undefined }, 2),
    ).toMatch(/^CONFIG_ENV_MISSING: STRANGLER_CONTROL_URL is not set/);
    expect(
      await failing(
        ['fence', 'status', 'catalog'],
        { ...scene.env, MONOLITH_DATABASE_URL: undefined },
        2,
      ),
    ).toMatch(
      /^CONFIG_ENV_MISSING: MONOLITH_DATABASE_URL is not set \(needed for monolith\.database of context catalog\)/,
    );
  });
  test('no folder of context files', async () =>
    expect(await failing(['status'], { ...scene.env, STRANGLER_CONTEXTS: '/nowhere' }, 2)).toMatch(
      /^CONFIG_NOT_FOUND/,
    ));
  test('a control database that is not there', async () =>
    expect(
      await failing(['status'], {
        ...scene.env,
        STRANGLER_CONTROL_URL: 'postgresql://postgres:x@127.0.0.1:1/x',
      }),
    ).toMatch(/^DB_UNREACHABLE/));
  test('an Unleash that is not there, and a token that is not right', async () => {
    expect(
      await failing(['route', 'catalog', '--kill'], {
        ...scene.env,
        UNLEASH_URL: 'http://127.0.0.1:1/api',
      }),
    ).toMatch(/^UNLEASH_UNREACHABLE/);
    expect(
      await failing(['route', 'catalog', '--kill'], { ...scene.env, UNLEASH_ADMIN_TOKEN: 'wrong' }),
    ).toMatch(/^UNLEASH_AUTH/);
    const env = { ...scene.env, UNLEASH_ADMIN_TOKEN: 'wrong' };
    const status = await cli(['status', 'catalog'], env);
    expect([status.code, status.stdout]).toEqual([
      0,
      expect.stringMatching(/flags +not known: UNLEASH_AUTH: /),
    ]);
    const doctor = await cli(['doctor', 'catalog'], env);
    expect([doctor.code, doctor.stdout]).toEqual([
      1,
      expect.stringMatching(/actual: +UNLEASH_AUTH/),
    ]);
  });
  test('pacts that nobody named', async () =>
    expect(await failing(['contracts', 'verify', 'catalog'], scene.env, 7)).toMatch(
      /^PACTS_NOT_FOUND/,
    ));
});

test('a system on a laptop takes its flags from Unleash where there is one', async () => {
  const token = { UNLEASH_CLIENT_TOKEN: unleash.clientToken };
  const running = startCli(['dev', 'rates', '--port', '0'], { ...scene.env, ...token });
  try {
    await running.shows('all are well');
    expect(running.said()).not.toContain('flags come from the control database');
    expect(running.said()).toContain('facade-1 | health: ready');
  } finally {
    running.child.kill('SIGINT');
    await running.done;
  }
});

test('flags that stayed in the control database when Unleash came are found, and forgotten when nobody reads them', async () => {
  const without = { ...scene.env, UNLEASH_URL: '' };
  expect((await cli(['route', 'rates', '--kill'], without)).code).toBe(0);
  expect(await failing(['route', 'rates', '--forget-control-flags'], without, 2)).toMatch(
    /^CONFIG_ENV_MISSING: UNLEASH_URL is not set/,
  );
  const finding = async () => {
    const { checks } = json<{ checks: { check: string }[] }>(
      await cli(['doctor', 'rates', '--json'], scene.env),
    );
    return checks.find(({ check }) => check === 'flags in the control database');
  };
  expect(await finding()).toMatchObject({
    ok: false,
    actual: expect.stringContaining('rates.kill'),
    remedy: expect.stringContaining('strangler route rates --forget-control-flags'),
  });
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.flags (name, enabled) VALUES ('catalog.list', true);
    INSERT INTO strangler_control.instances (instance_id, name, detail) VALUES (gen_random_uuid(), 'late', '{"flags":"control"}')`,
  );
  expect(await failing(['route', 'rates', '--forget-control-flags'], scene.env, 2)).toMatch(
    /^CONFIG_INVALID: late still reads flags/,
  );
  await scene.sql(scene.control, `DELETE FROM strangler_control.instances WHERE name = 'late'`);
  expect((await cli(['route', 'rates', '--forget-control-flags'], scene.env)).code).toBe(0);
  expect(await finding()).toMatchObject({ ok: true });
  // another context's are its own
  expect(await scene.sql(scene.control, 'SELECT name FROM strangler_control.flags')).toEqual([
    { name: 'catalog.list' },
  ]);
  await scene.sql(scene.control, 'DELETE FROM strangler_control.flags');
});

describe('before replication', () => {
  test('can-i answers a pipeline: what is missing, what renews it, exit 4; an unknown move exit 2', async () => {
    const forbidden = await cli(['can-i', 'cutover', 'rates'], scene.env);
    expect(forbidden).toMatchObject({ code: 4 });
    expect(forbidden.stdout).toMatch(/^no: cutover rates \(stage monolith\): /);
    const result = await cli(['can-i', 'ramp', 'rates', '--json'], scene.env);
    expect(result.code).toBe(4);
    expect((await cli(['can-i', 'fly', 'rates'], scene.env)).code).toBe(2);
    const yes = await cli(['can-i', 'shadow', 'rates', '--json'], scene.env);
    expect({ code: yes.code, ...json<object>(yes) }).toMatchObject({ code: 0, yes: true });
  });

  test('status of everything is one JSON object that names the next command', async () => {
    const { contexts } = json<{
      contexts: { context: string; stage: string; nextCommand: string }[];
    }>(await cli(['status', '--json'], scene.env));
    expect(contexts).toMatchObject([
      { context: 'catalog', stage: 'monolith', nextCommand: 'strangler replicate catalog' },
      { context: 'rates', stage: 'monolith', nextCommand: 'strangler shadow rates' },
    ]);
  });
  test('doctor finds nothing wrong, and finds what is made wrong', async () => {
    const right = await cli(['doctor', '--json'], scene.env);
    expect(json<{ checks: { ok: boolean }[] }>(right).checks.filter((check) => !check.ok)).toEqual(
      [],
    );
    expect(right.code).toBe(0);
    await admin.setPercent('catalog.list', 'catalog', 50);
    const wrong = await cli(['doctor', 'catalog'], scene.env);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(
      /catalog: route flags\n\s+expected: off at stage monolith\n\s+actual: {3}catalog\.list 50 %\n\s+remedy: {3}strangler route catalog --all --off/,
    );
    await cli(['route', 'catalog', '--all', '--off'], scene.env);
    expect((await cli(['doctor', 'catalog'], scene.env)).code).toBe(0);
  });
  test('a read cannot be routed before canary', async () => {
    const result = await cli(['route', 'catalog', 'list', '--percent', '5', '--json'], scene.env);
    expect(result.code).toBe(4);
    expect(json(result)).toMatchObject({ error: { code: 'MOVE_NOT_ALLOWED' } });
  });
  test('the kill switch works at any stage', async () => {
    expect(json(await cli(['route', 'catalog', '--kill', '--json'], scene.env))).toMatchObject({
      killed: true,
    });
    expect(await admin.read('catalog.kill', 'catalog')).toMatchObject({ percent: 100 });
    expect(json(await cli(['route', 'catalog', '--unkill', '--json'], scene.env))).toMatchObject({
      killed: false,
    });
  });
});

describe('replication cannot begin', () => {
  const refused = async (
    sceneEnv: Record<string, string>,
  ): Promise<{
    code: number | null;
    gates: { gate: string; ok: boolean; actual: string; remedy: string }[];
  }> => {
    const result = await cli(['replicate', 'catalog', '--json'], sceneEnv);
    return {
      code: result.code,
      gates: json<{ error: { details: { gates: [] } } }>(result).error.details.gates,
    };
  };
  test('on a table without replica identity', async () => {
    await scene.sql(scene.monolith, 'ALTER TABLE products REPLICA IDENTITY NOTHING');
    const { code, gates } = await refused(scene.env);
    expect(code).toBe(4);
    expect(gates.find((gate) => gate.gate === 'replica-identity')).toMatchObject({
      ok: false,
      actual: expect.stringContaining(
        'REPLICA_IDENTITY: contexts/catalog: tables[0] public.products',
      ),
    });
    await scene.sql(scene.monolith, 'ALTER TABLE products REPLICA IDENTITY DEFAULT');
  });
  test('with a user who may not replicate', async () => {
    const role = `plain_${process.pid}_${Date.now()}`;
    await scene.sql(scene.monolith, `CREATE ROLE ${role} LOGIN PASSWORD 'plain'`);
    const url = Object.assign(new URL(scene.monolith.url), {
      username: role,
      password: 'plain',
    }).href;
    const { code, gates } = await refused({ ...scene.env, MONOLITH_DATABASE_URL: url });
    expect(code).toBe(4);
    expect(gates.find((gate) => gate.gate === 'publication-and-slot')).toMatchObject({
      ok: false,
      actual: expect.stringContaining('DB_PRIVILEGE'),
      remedy: `ALTER ROLE ${role} REPLICATION`,
    });
    const doctor = await cli(['doctor', 'catalog'], { ...scene.env, MONOLITH_DATABASE_URL: url });
    expect(doctor.stdout).toContain(`GRANT SET ON PARAMETER session_replication_role TO ${role}`);
    await scene.sql(scene.monolith, `DROP ROLE ${role}`);
  });
  test('on a server whose wal_level is replica', async () => {
    const server = await startPostgres({ settings: ['wal_level=replica'] });
    try {
      const url = await server.createDatabase('shop');
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL)');
      await client.end();
      const { code, gates } = await refused({ ...scene.env, MONOLITH_DATABASE_URL: url });
      expect(code).toBe(4);
      expect(gates.find((gate) => gate.gate === 'publication-and-slot')).toMatchObject({
        ok: false,
        actual: expect.stringContaining('WAL_LEVEL'),
        remedy: expect.stringContaining('wal_level = logical'),
      });
    } finally {
      await server.stop();
    }
  });
  test('while another command works on the context', async () => {
    const control = await openControl(scene.control.url);
    const lease = await control.leases.acquire({
      context: 'catalog',
      holder: 'somebody else',
      move: 'cutover',
    });
    const result = await cli(['replicate', 'catalog', '--json'], scene.env);
    expect(result.code).toBe(1);
    expect(json(result)).toMatchObject({
      error: { code: 'LEASE_HELD', message: expect.stringContaining('somebody else') },
    });
    await lease.release();
    await control.close();
  });
  test.each(['--pause', '--resume'])('%s where nothing is copied', async (flag) => {
    const result = await cli(['replicate', 'catalog', flag, '--json'], scene.env);
    expect(result.code).toBe(4);
    expect(json(result)).toMatchObject({
      error: { code: 'MOVE_NOT_ALLOWED', message: expect.stringContaining('no initial copy') },
    });
  });
  test('and a dry run says so without changing anything', async () => {
    await scene.sql(scene.monolith, 'ALTER TABLE products REPLICA IDENTITY NOTHING');
    const result = await cli(['replicate', 'catalog', '--dry-run', '--json'], scene.env);
    expect(result.code).toBe(4);
    expect(json(result)).toMatchObject({ dryRun: true, refusal: { code: 'GATE_REFUSED' } });
    await scene.sql(scene.monolith, 'ALTER TABLE products REPLICA IDENTITY DEFAULT');
    expect(
      await scene.sql(scene.service, `SELECT to_regclass('strangler.streams') AS made`),
    ).toEqual([{ made: null }]);
  });
});

describe('a context without data of its own', () => {
  test('walks from monolith to service and back on flags alone', async () => {
    const run = async (...args: string[]): Promise<Record<string, unknown>> => {
      const result = await cli([...args, '--json'], scene.env);
      expect([args, result.code, result.stderr]).toEqual([args, 0, result.stderr]);
      return json(result);
    };
    expect(
      (await cli(['shadow', 'rates', '--sample', '100', '--dry-run'], scene.env)).stdout,
    ).toContain('set flag to 100 %: rates.quote.shadow');
    expect(await run('shadow', 'rates', '--sample', '100')).toMatchObject({ stage: 'shadowing' });
    expect(await admin.read('rates.quote.shadow', 'rates')).toMatchObject({ percent: 100 });
    const refused = await cli(['ramp', 'rates', '--json'], scene.env);
    expect(refused.code).toBe(4);
    expect(json(refused)).toMatchObject({
      error: {
        code: 'GATE_REFUSED',
        details: {
          gates: expect.arrayContaining([
            expect.objectContaining({ gate: 'shadow-reads', ok: false }),
          ]),
        },
      },
    });
    await scene.sql(
      scene.control,
      `INSERT INTO strangler_control.shadow_counts VALUES ('rates', 'quote', 'match', 1, 10)`,
    );
    // few identities: a small step would be for nobody, and wait in vain
    await scene.sql(
      scene.control,
      `INSERT INTO strangler_control.identities_seen
       VALUES ('rates', date_trunc('hour', clock_timestamp()), 500, 50, 1::bit(4096), set_bit(0::bit(100), 60, 1))`,
    );
    for (const more of [[], ['--dry-run']]) {
      const nobody = await cli(
        ['ramp', 'rates', '--steps', '10,50', '--hold', '200ms', '--json', ...more],
        scene.env,
      );
      expect(nobody.code).toBe(2);
      expect(json(nobody)).toMatchObject({
        error: {
          message:
            '10 % of rates is nobody: 1 identity was seen in the last day, and the first of them comes at 61 %',
          remedy:
            'strangler ramp rates --steps 61,100; or shares of requests instead of identities: ' +
            'strangler ramp rates --steps 10,50 --by-request',
        },
      });
    }
    expect(
      (
        await cli(
          ['ramp', 'rates', '--steps', '10,50', '--by-request', '--hold', '200ms', '--dry-run'],
          scene.env,
        )
      ).stdout,
    ).toContain('set flags to 10 % of requests');
    expect((await cli(['status', 'rates'], scene.env)).stdout).toMatch(
      /traffic +500 steered requests in the last day, 10 % without identity, 1 identity seen/,
    );
    await scene.sql(scene.control, 'DELETE FROM strangler_control.identities_seen');
    const traffic = (side: string, errors: number): Promise<unknown> =>
      scene.sql(
        scene.control,
        `INSERT INTO strangler_control.route_stats SELECT 'rates', 'quote', '${side}', clock_timestamp() + n * interval '1 second', 50, ${errors}, ARRAY[50,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[] FROM generate_series(0, 300) n ON CONFLICT DO NOTHING`,
      );
    await traffic('monolith', 0);
    await traffic('service', 0);
    expect(await run('ramp', 'rates', '--steps', '10,50', '--hold', '200ms')).toMatchObject({
      percent: 50,
      steps: [{ verdict: 'keep' }, { verdict: 'keep' }],
    });
    expect(
      await run('ramp', 'rates', '--steps', '50', '--by-request', '--hold', '200ms'),
    ).toMatchObject({ percent: 50 });
    expect(await admin.read('rates.quote', 'rates')).toMatchObject({ byRequest: true });
    expect((await cli(['status', 'rates'], scene.env)).stdout).toMatch(/quote 50 % by request/);
    // The service turns bad: the step is taken back.
    await scene.sql(scene.control, 'DELETE FROM strangler_control.route_stats');
    await traffic('monolith', 0);
    await traffic('service', 25);
    const back = await cli(
      ['ramp', 'rates', '--steps', '100', '--hold', '200ms', '--json'],
      scene.env,
    );
    expect(back.code).toBe(4);
    expect(json(back)).toMatchObject({
      error: {
        message: expect.stringContaining('100 % was taken back: error rate of the service 50 %'),
      },
    });
    expect(await admin.read('rates.quote', 'rates')).toMatchObject({
      percent: 50,
      byRequest: true,
    });
    expect(await run('cutover', 'rates', '--yes')).toMatchObject({
      stage: 'service',
      owner: 'service',
    });
    expect(await admin.read('rates.book', 'rates')).toMatchObject({ percent: 100 });
    expect(await run('rollback', 'rates', '--yes')).toMatchObject({
      stage: 'canary',
      owner: 'monolith',
    });
    expect(await admin.read('rates.book', 'rates')).toMatchObject({ percent: 0 });
    expect(await run('rollback', 'rates', '--yes')).toMatchObject({ stage: 'shadowing' });
    expect(await run('rollback', 'rates', '--yes')).toMatchObject({ stage: 'monolith' });
    expect(await admin.read('rates.quote.shadow', 'rates')).toMatchObject({ percent: 0 });
    const journal = await cli(['journal', 'rates', '--json'], scene.env);
    expect(
      journal.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { step: string; status: string })
        .filter((row) => row.step === 'stage'),
    ).toHaveLength(6);
  });

  test('Ctrl-C in a ramp leaves the percentage that held before', async () => {
    await cli(['shadow', 'rates', '--sample', '1'], scene.env);
    // what was counted before the owner changed does not count
    await scene.sql(
      scene.control,
      `INSERT INTO strangler_control.shadow_counts SELECT context, 'quote', 'match', epoch, 10 FROM strangler_control.contexts WHERE context = 'rates'`,
    );
    await scene.sql(scene.control, 'DELETE FROM strangler_control.route_stats');
    const running = startCli(['ramp', 'rates', '--steps', '30', '--hold', '60s'], scene.env);
    await running.shows('30 % of reads to the service');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.done;
    expect(stderr).toContain('back to 0 %');
    expect(code).toBe(130);
    expect(await admin.read('rates.quote', 'rates')).toMatchObject({ percent: 0 });
    expect(await scene.sql(scene.control, 'SELECT * FROM strangler_control.leases')).toEqual([]);
    const { stdout } = await cli(['status', 'rates'], scene.env);
    expect(stdout).toMatch(/flags +quote 0 %/);
    expect(stdout).not.toMatch(/at work/);
  });

  test('--force passes by a gate and the journal says why', async () => {
    await cli(['rollback', 'rates', '--yes'], scene.env);
    await scene.sql(scene.control, 'DELETE FROM strangler_control.shadow_counts');
    await scene.sql(
      scene.control,
      `INSERT INTO strangler_control.route_stats SELECT 'rates', 'quote', side, clock_timestamp() + n * interval '1 second', 50, 0, ARRAY[50,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[] FROM generate_series(0, 10) n, unnest(ARRAY['monolith', 'service']) side ON CONFLICT DO NOTHING`,
    );
    expect(
      (
        await cli(
          [
            'ramp',
            'rates',
            '--steps',
            '5',
            '--hold',
            '100ms',
            '--force',
            '--reason',
            'a rehearsal',
          ],
          scene.env,
        )
      ).code,
    ).toBe(0);
    expect((await cli(['journal', 'rates'], scene.env)).stdout).toMatch(
      /forced .*gates-canary.*a rehearsal/,
    );
  });
});

describe('init', () => {
  test('writes a context file that loads, names what crosses the border, and never overwrites', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'strangler-init-'));
    await scene.sql(
      scene.monolith,
      `CREATE SCHEMA shop; CREATE TABLE shop.categories (code text, region text, label text, PRIMARY KEY (code, region));
      CREATE TABLE shop.orders (id serial PRIMARY KEY, product_id bigint REFERENCES public.products ON UPDATE CASCADE);
      CREATE TABLE shop.product_logs (message text, log_file varchar(80), orders int REFERENCES shop.orders ON DELETE SET NULL)`,
    );
    const document = {
      paths: {
        '/api/products': { get: { operationId: 'listProducts' }, post: {} },
        '/api/products/{id}': { get: {} },
        '/api/orders': { get: {} },
      },
    };
    await writeFile(join(dir, 'openapi.data'), JSON.stringify(document));
    const args = [
      'init',
      '--context',
      'catalog',
      '--database',
      scene.monolith.url,
      '--tables',
      'products,shop.categories,shop.product_logs',
      '--openapi',
      join(dir, 'openapi.data'),
      '--path-prefix',
      '/api/products',
    ];
    const env = { STRANGLER_CONTEXTS: dir };
    expect((await cli([...args, '--dry-run'], env)).stdout).toContain(`context: 'catalog'`);
    expect(json(await cli([...args, '--json'], env))).toMatchObject({
      tables: ['public.products', 'shop.categories', 'shop.product_logs'],
      routes: 3,
    });
    const text = await readFile(join(dir, 'catalog.ts'), 'utf8');
    expect(text).toContain(
      `{ name: 'list-products', method: 'GET', path: '/api/products', kind: 'read' }`,
    );
    expect(text).toContain(`path: '/api/products/:id'`);
    expect(text).not.toContain("orders', method");
    expect(text).toContain(
      'shop.orders.product_id refers to this table from outside (ON DELETE NO ACTION, ON UPDATE CASCADE)',
    );
    expect(text).toContain(
      'orders refers to shop.orders, outside this context (ON DELETE SET NULL)',
    );
    expect(text).toContain("decide files['shop.product_logs.log_file']");
    expect(text).toContain('id draws from public.products_id_seq (identity)');
    expect(text).toContain('NO PRIMARY KEY');
    expect((await cli(args, env)).code).toBe(2);
    const wrong = await cli(
      [
        'init',
        '--context',
        'other',
        '--database',
        scene.monolith.url,
        '--tables',
        'prodcts',
        '--json',
      ],
      env,
    );
    expect(json(wrong)).toMatchObject({
      error: { code: 'TABLE_MISSING', message: expect.stringContaining('did you mean "products"') },
    });
    await rm(dir, { recursive: true });
    await scene.sql(scene.monolith, 'DROP SCHEMA shop CASCADE');
  });

  test('writes what loads from any folder, with routes from recorded traffic and the database from a variable', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'strangler-init-'));
    const env = { ...scene.env, STRANGLER_CONTEXTS: dir, SHOP_DB: scene.monolith.url };
    await writeFile(
      join(dir, 'access.log'),
      '- - - [x] "GET /goods/1 HTTP/1.1" 200 1\n- - - [x] "GET /goods/2 HTTP/1.1" 200 1\nnothing\n',
    );
    const odd = { table: `"odd shop"."time. ""o'clock"`, column: `"it's a.b"` };
    await scene.sql(
      scene.monolith,
      `CREATE SCHEMA "odd shop"; CREATE TABLE ${odd.table} (${odd.column} text NOT NULL);
       CREATE UNIQUE INDEX "one only" ON ${odd.table} (${odd.column});
       ALTER TABLE ${odd.table} REPLICA IDENTITY USING INDEX "one only";
       CREATE TABLE "torn
apart" (id bigint REFERENCES products)`,
    );
    const tables = `products,${odd.table}`;
    const init = ['init', '--context', 'goods', '--database', 'SHOP_DB', '--tables', tables];
    const written = await cli([...init, '--traffic', join(dir, 'access.log')], env);
    expect(written.stdout).toContain(
      `the index that is its replica identity (it's a.b) is the key`,
    );
    expect(written.stdout).toMatch(/2 requests suggest 1 routes;[^]*1 lines could not be read/);
    const text = await readFile(join(dir, 'goods.ts'), 'utf8');
    expect(text).toContain("database: { env: 'SHOP_DB' }");
    expect(text).not.toContain(scene.monolith.url);
    const status = json(await cli(['status', '--json'], env)) as { contexts: object[] };
    expect(status.contexts).toMatchObject([{ context: 'goods' }]);
    expect(text).toContain(String.raw`table: '"odd shop"."time. ""o\'clock"'`);

    await writeFile(join(dir, 'other.mjs'), `import 'not-installed-anywhere'; export default {};`);
    expect((await cli(['status'], env)).stderr).toMatch(/A context file needs no import/);
    expect((await cli([...init, '--context', 'x'], { ...env, SHOP_DB: '' })).code).toBe(2);
    const missing = createServer((_request, response) => void response.writeHead(404).end());
    await new Promise<void>((resolve) => void missing.listen(0, '127.0.0.1', resolve));
    const { port } = missing.address() as AddressInfo;
    const openapi = `http://127.0.0.1:${port}/openapi.json`;
    expect((await cli([...init, '--context', 'x', '--openapi', openapi], env)).stderr).toContain(
      `${openapi} cannot be read: it was answered with 404 Not Found`,
    );
    missing.close();
    await rm(dir, { recursive: true });
    await scene.sql(scene.monolith, 'DROP SCHEMA "odd shop" CASCADE; DROP TABLE "torn\napart"');
  });
});

test('colours stay away from pipes', async () => {
  expect((await cli(['status'], { ...scene.env, NO_COLOR: '1' })).stdout).not.toContain('\u001B[');
  expect((await cli(['status'], scene.env)).stdout).not.toContain('\u001B[');
});
