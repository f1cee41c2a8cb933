import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { guardChild, until } from '@strangler-toolkit/dev-stack';
import { settings } from '../src/config/settings.ts';
import { ask } from './support/client.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const bin = fileURLToPath(new URL('../bin/facade.js', import.meta.url));
let folder: string;
let monolith: Upstream;

const children = new Set<ChildProcess>();

const run = (env: Record<string, string | undefined>, ...argv: string[]) => {
  const child = spawn(process.execPath, [bin, ...argv], {
    env: {
      PATH: process.env.PATH,
      MONOLITH_URL: monolith.url,
      STRANGLER_CONTEXTS: folder,
      FACADE_STATE_DIR: folder,
      FACADE_PORT: '0',
      FACADE_ADMIN_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardChild(child);
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  return { child, output, exit: once(child, 'exit').then(([code]) => code as number | null) };
};
const ports = (stdout: string): { port: number; adminPort: number } | undefined => {
  const line = stdout.split('\n').find((text) => text.includes('"listening"'));
  return line === undefined ? undefined : JSON.parse(line);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facade-'));
  await writeFile(
    join(folder, 'items.json'),
    JSON.stringify({
      context: 'items',
      data: 'none',
      monolith: { url: { env: 'MONOLITH_URL' } },
      service: { url: { env: 'ITEMS_URL', default: 'http://127.0.0.1:9' } },
      routes: [{ name: 'list', method: 'GET', path: '/api/items', kind: 'read' }],
    }),
  );
  monolith = await startUpstream('monolith');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  await monolith?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the process', () => {
  test('says where it listens, logs one line per request without secrets, and drains on SIGTERM', async () => {
    const { child, output, exit } = run({});
    const { port, adminPort } = await until('it listens', () => ports(output.stdout));
    const secrets = { authorization: 'Bearer hidden', cookie: 'sid=hidden', 'x-api-key': 'hidden' };
    await ask(port, '/api/items?password=hidden', { headers: secrets });
    await ask(port, '/elsewhere', { headers: secrets, method: 'POST', body: 'hidden' });
    expect((await ask(adminPort, '/health/live')).status).toBe(200);
    expect(JSON.parse((await ask(adminPort, '/routes')).body)).toMatchObject([
      { context: 'items', route: 'list', target: { flagOff: { target: 'monolith' } } },
    ]);
    // one more is under way when it is told to stop
    const slow = http.request({ host: '127.0.0.1', port, path: '/slow', method: 'POST' });
    const seen = monolith.seen.length;
    slow.write('begun');
    await until('the last request is under way', () => monolith.seen.length > seen);
    child.kill('SIGTERM');
    await until(
      'it is not ready any more',
      async () => (await ask(adminPort, '/health/ready')).status === 503,
    );
    await expect(ask(port, '/late')).rejects.toThrow('ECONNREFUSED');
    slow.end('ended');
    const [answer] = (await once(slow, 'response')) as [http.IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(await exit).toBe(0);
    const requests = output.stdout
      .split('\n')
      .filter((text) => text.includes('"msg":"request'))
      .map((text) => JSON.parse(text) as unknown);
    expect(requests).toMatchObject([
      {
        context: 'items',
        route: 'list',
        target: 'monolith',
        reason: 'flag-unknown',
        status: 200,
        path: '/api/items',
      },
      { context: '', route: '', target: 'monolith', reason: 'unclaimed', path: '/elsewhere' },
      { path: '/slow', status: 200 },
    ]);
    expect(JSON.stringify(output)).not.toContain('hidden');
  });

  test('a port in use, a missing address and a wrong value are errors with a code, a remedy and an exit code as commands have it', async () => {
    for (const [env, code, expected] of [
      [{ FACADE_PORT: String(monolith.port) }, 'PORT_IN_USE', 1],
      [{ MONOLITH_URL: undefined }, 'CONFIG_ENV_MISSING', 2],
      [{ FACADE_TIMEOUT_MS: 'soon' }, 'CONFIG_INVALID', 2],
    ] as const) {
      const { output, exit } = run(env);
      expect(await exit).toBe(expected);
      expect(output.stderr).toMatch(new RegExp(`^${code}: .+\n  .+`));
    }
  });

  test('an empty folder of context files is a wire from the first day, and a line says so', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'facade-'));
    try {
      const { output } = run({ STRANGLER_CONTEXTS: empty });
      const { port } = await until('it listens', () => ports(output.stdout));
      expect((await ask(port, '/anything%2Fat//all')).status).toBe(200);
      expect(monolith.seen.at(-1)?.url).toBe('/anything%2Fat//all');
      expect(output.stdout).toContain('no context file: everything goes to the monolith');
    } finally {
      await rm(empty, { recursive: true, force: true });
    }
  });

  test('a folder that was named and is not there is a mistake; so is a file that cannot be loaded', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'facade-'));
    await writeFile(join(broken, 'items.json'), '{');
    try {
      for (const [contexts, code] of [
        [join(broken, 'not-there'), 'CONFIG_NOT_FOUND'],
        [broken, 'CONFIG_INVALID'],
      ] as const) {
        const { output, exit } = run({ STRANGLER_CONTEXTS: contexts });
        expect(await exit).toBe(2);
        expect(output.stderr).toMatch(new RegExp(`^${code}: `));
      }
    } finally {
      await rm(broken, { recursive: true, force: true });
    }
  });

  test('lines that are still gathered are written when the process fails', async () => {
    const { child, output, exit } = run({});
    const { port } = await until('it listens', () => ports(output.stdout));
    await ask(port, '/the-last-one');
    child.kill('SIGINT');
    await exit;
    expect(output.stdout).toContain('"path":"/the-last-one"');
  });

  test('--version says the version of the package and starts nothing', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    const { output, exit } = run({ MONOLITH_URL: undefined }, '--version');
    expect(await exit).toBe(0);
    expect(output).toEqual({ stdout: `${version}\n`, stderr: '' });
  });

  test.each(['--verison', '--port=0', 'start'])(
    '%s is a usage error with a hint and exit 2, and starts nothing',
    async (argument) => {
      const { output, exit } = run({}, argument);
      expect(await exit).toBe(2);
      expect(output.stdout).toBe('');
      expect(output.stderr).toMatch(/^USAGE: .+\n {2}strangler-facade --help /);
      expect(output.stderr).toContain(argument);
    },
  );

  test('--help lists every variable', async () => {
    const { output, exit } = run({}, '--help');
    expect(await exit).toBe(0);
    expect(output.stdout).toMatch(/MONOLITH_URL .*required/);
    const listed = output.stdout.split('\n').map((line) => line.trim().split(' ')[0]);
    const variables = Object.values(settings).flatMap((setting) =>
      'variable' in setting ? [setting.variable] : [],
    );
    expect(variables.filter((variable) => !listed.includes(variable))).toEqual([]);
  });
});
