import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  freePort,
  startProcess,
  temporaryFolder,
  type RunningProcess,
  type TemporaryFolder,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { npm, packedPackages } from './packed.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

let folder: TemporaryFolder;
let packages: ReadonlyMap<string, string>;
let project: string;
let database: TestDatabase;
let monolith: Server;
let facade: RunningProcess | undefined;

beforeAll(async () => {
  folder = await temporaryFolder('pack');
  project = join(folder.path, 'project');
  await mkdir(join(project, 'contexts'), { recursive: true });
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ name: 'somebody-elses-project', private: true, type: 'module' }),
  );
  packages = await packedPackages();
  const wanted = ['plan', 'facade', 'migration', 'contracts'].map(
    (name) => packages.get(`@strangler-toolkit/${name}`) ?? name,
  );
  await npm(['install', '--prefer-offline', '--no-save', ...wanted], project);
  database = await createTestDatabase('pack');
  monolith = createServer((request, response) =>
    response.end(`the monolith answers ${request.url}`),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => monolith.once('listening', resolve));
});

afterAll(async () => {
  await facade?.stop(3_000);
  monolith?.close();
  await database?.drop();
  await folder?.remove();
});

test('npx strangler --help works in an empty project that installed the tarball', async () => {
  const { stdout } = await run('npx', ['--no-install', 'strangler', '--help'], { cwd: project });
  expect(stdout).toMatch(/replicate[\s\S]*cutover[\s\S]*rollback/);
});

test('the installed facade loads a context file that an editor can type and forwards requests', async () => {
  await writeFile(
    join(project, 'contexts', 'greetings.ts'),
    `import { defineMigration, env } from '@strangler-toolkit/plan';
export default defineMigration({
  context: 'greetings',
  data: 'none',
  monolith: { url: env('MONOLITH_URL') },
  service: { url: 'http://127.0.0.1:9' },
  routes: [{ name: 'hello', method: 'GET', path: '/hello', kind: 'read' }],
});
`,
  );
  facade = await startProcess({
    name: 'installed facade',
    file: join(project, 'node_modules', '@strangler-toolkit', 'facade', 'bin', 'facade.js'),
    cwd: project,
    nodeOptions: [],
    env: {
      NODE_OPTIONS: '',
      STRANGLER_CONTEXTS: join(project, 'contexts'),
      STRANGLER_CONTROL_URL: database.url,
      FACADE_STATE_DIR: join(project, 'state'),
      MONOLITH_URL: `http://127.0.0.1:${(monolith.address() as AddressInfo).port}`,
      FACADE_HOST: '127.0.0.1',
      FACADE_PORT: '0',
      FACADE_ADMIN_PORT: '0',
      FACADE_NAME: 'installed',
      // nobody listens there: the facade serves all the same
      UNLEASH_URL: `http://127.0.0.1:${await freePort()}/api`,
      UNLEASH_CLIENT_TOKEN: '*:development.none',
    },
  });
  for (const path of ['/hello', '/anything/else']) {
    const response = await fetch(`http://127.0.0.1:${facade.port}${path}`);
    expect([response.status, await response.text()]).toEqual([200, `the monolith answers ${path}`]);
  }
});

/** The first block of the guide in this language that holds these words. */
async function blockOf(language: string, words: string): Promise<string> {
  const guide = await readFile(join(repository, 'docs/guide/contracts-in-ci.md'), 'utf8');
  const found = [...guide.matchAll(/```(\w+)\n([^]*?)```/g)].find(
    ([, tongue, text]) => tongue === language && text?.includes(words),
  )?.[2];
  if (found === undefined) throw new Error(`the guide has no ${language} with ${words}`);
  return found;
}

// docs/guide/contracts-in-ci.md, from nothing to a red build: a team's own project, its consumer, a shop that knows nothing of Pact.
test('the guide to contracts in a pipeline holds in a project that installed the packages', async () => {
  for (const name of ['consumer', 'bin']) await mkdir(join(project, name), { recursive: true });
  await writeFile(
    join(project, 'contexts', 'shop.json'),
    await blockOf('json', '"context": "shop"'),
  );
  await writeFile(
    join(project, 'consumer', 'write-pacts.mjs'),
    await blockOf('js', "consumer: 'checkout'"),
  );
  await writeFile(
    join(project, 'bin', 'pact-state'),
    `#!/bin/sh
exec node -e 'const { readFileSync, writeFileSync } = require("node:fs");
const { item, price } = JSON.parse(readFileSync(0, "utf8"));
writeFileSync("prices.json", JSON.stringify({ [item]: price }));'
`,
    { mode: 0o755 },
  );
  const shops: RunningProcess[] = [];
  const shop = async (name: string, ...manners: string[]): Promise<string> => {
    const running = await startProcess({
      name,
      file: join(repository, 'test/packaging/foreign-shop.mjs'),
      args: [join(project, 'prices.json'), ...manners],
      nodeOptions: [],
      env: { NODE_OPTIONS: '' },
    });
    shops.push(running);
    return `http://127.0.0.1:${running.port}`;
  };
  try {
    const urls = {
      monolith: await shop('monolith'),
      right: await shop('service', 'states'),
      wrong: await shop('careless service', 'states', 'renamed'),
    };
    const bash = async (script: string, service: string) =>
      // that npx finds it is said above: npm takes half a second before every command
      run('bash', ['-c', `npx() { node_modules/.bin/"$@"; }\n${script}`], {
        cwd: project,
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          PACT_DO_NOT_TRACK: 'true',
          GITHUB_ACTIONS: '',
          GITHUB_STEP_SUMMARY: '',
          MONOLITH_URL: urls.monolith,
          SERVICE_URL: service,
          SERVICE_STATES_URL: `${service}/states`,
        },
      }).then(
        ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          output: stdout + stderr,
        }),
      );
    const written = await bash(await blockOf('sh', 'node consumer/write-pacts.mjs'), urls.right);
    expect(written).toEqual({ code: 0, output: '' });
    const verify = await blockOf('sh', 'npx strangler contracts verify shop');
    const green = await bash(verify, urls.right);
    expect(green.output).toMatch(/a request for a quote +kept +kept/);
    expect(green.code).toBe(0);
    await writeFile(
      join(project, 'access.log'),
      '127.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /quote?item=lamp HTTP/1.1" 200 33\n',
    );
    const draft = await bash(await blockOf('sh', 'npx strangler contracts record'), urls.right);
    expect(draft.output).toMatch(/1 of 1 interactions hold on the monolith/);
    expect(draft.code).toBe(0);
    const described = await bash(
      await blockOf('sh', 'contracts openapi shop --traffic'),
      urls.right,
    );
    expect(described.output).toMatch(/wrote openapi\/shop\.json: OpenAPI 3\.1/);
    expect(described.code).toBe(0);
    const red = await bash(verify, urls.wrong);
    expect(red.output).toMatch(/a request for a quote +kept +BROKEN[^]*price/);
    expect(red.code).toBe(5);
    expect(await readFile(join(project, 'reports', 'pacts.xml'), 'utf8')).toMatch(
      /<testsuite name="shop on service" tests="1" failures="1"/,
    );
  } finally {
    for (const running of shops) await running.stop(3_000);
  }
});

// Tests load modules in a loader of their own, which finds names that Node's does not.
test('every module that the installed packages export loads in plain Node', async () => {
  const doors: string[] = [];
  for (const name of ['plan', 'facade', 'migration', 'contracts']) {
    const manifest = JSON.parse(
      await readFile(
        join(project, 'node_modules', '@strangler-toolkit', name, 'package.json'),
        'utf8',
      ),
    ) as { name: string; exports: Record<string, unknown> };
    for (const subpath of Object.keys(manifest.exports))
      if (!subpath.endsWith('.json')) doors.push(manifest.name + subpath.slice(1));
  }
  expect(doors).toContain('@strangler-toolkit/migration/outbox');
  for (const door of doors) {
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', `console.log(Object.keys(await import('${door}')).length > 0)`],
      { cwd: project, env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect([door, stdout.trim()]).toEqual([door, 'true']);
  }
});

test('the tarballs hold what runs and its types, no sources and no tests', async () => {
  expect(packages.size).toBe(5);
  for (const file of packages.values()) {
    const { stdout } = await run('tar', ['-tzf', file]);
    const entries = stdout.trim().split('\n');
    expect(entries).toContain('package/dist/index.js');
    expect(entries).toContain('package/dist/index.d.ts');
    expect(entries.filter((entry) => /\.test\.|\/src\/|\/test\/|tsconfig/.test(entry))).toEqual([]);
  }
});
