import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type RunningProcess, startProcess, until } from '@strangler-toolkit/dev-stack';
import { ask } from './support/client.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const bin = fileURLToPath(new URL('../bin/facade.js', import.meta.url));

interface Readiness {
  readonly status: string;
  readonly plan: {
    readonly plans: Record<string, string>;
    readonly problem: { readonly code: string; readonly message: string } | null;
  };
}

let folder: string;
let monolith: Upstream;
let held: http.ServerResponse[] = [];
const facades: RunningProcess[] = [];
beforeAll(async () => {
  monolith = await startUpstream('monolith', (request, response) => {
    if (request.url === '/api/slow') held.push(response);
    else response.end(`monolith ${request.url}`);
  });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facade-reload-'));
  await mkdir(join(folder, 'contexts'));
});
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop(5_000);
  held = [];
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => monolith?.close());

/** A file whose only route has this name and path. */
const write = (name: string, path: string): Promise<void> =>
  writeFile(
    join(folder, 'contexts', 'items.mjs'),
    `export default ${JSON.stringify({
      context: 'items',
      data: 'none',
      monolith: { url: { env: 'MONOLITH_URL' } },
      service: { url: 'http://127.0.0.1:9' },
      routes: [{ name, method: 'GET', path, kind: 'read', timeoutMs: 60_000 }],
    })};`,
  );

async function start(env: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = [];
  const running = await startProcess({
    name: 'facade',
    file: bin,
    env: {
      MONOLITH_URL: monolith.url,
      STRANGLER_CONTEXTS: join(folder, 'contexts'),
      FACADE_STATE_DIR: join(folder, 'state'),
      FACADE_PORT: '0',
      FACADE_ADMIN_PORT: '0',
      FACADE_HEALTH_MS: '0',
      ...env,
    },
    onLine: (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  facades.push(running);
  const { adminPort } = await until('it listens', () => lines.find((line) => 'adminPort' in line));
  const operators = Number(adminPort);
  return {
    running,
    port: running.port,
    lines,
    readiness: async (): Promise<Readiness> =>
      JSON.parse((await ask(operators, '/health/ready')).body),
    routes: async (): Promise<string[]> =>
      (JSON.parse((await ask(operators, '/routes')).body) as { path: string }[]).map(
        ({ path }) => path,
      ),
  };
}

/** One request over the agent's connection: what came, and which port of ours it came over. */
const over = (agent: http.Agent, port: number, path: string) =>
  new Promise<{ status: number | undefined; body: string; from: number | undefined }>(
    (resolve, reject) => {
      const request = http.get({ agent, host: '127.0.0.1', port, path }, (response) => {
        const from = response.socket.localPort;
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode, body, from }));
      });
      request.on('error', reject);
    },
  );

test('a changed file is served by at once; what is under way ends by the old one, and its connection lives on', async () => {
  await write('slow', '/api/slow');
  const facade = await start();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const slow = over(agent, facade.port, '/api/slow');
    await until('it is under way', () => held.length === 1);
    await write('fast', '/api/fast');
    await until('the new route', async () => (await facade.routes()).includes('/api/fast'));
    held[0]?.end('late');
    const first = await slow;
    const second = await over(agent, facade.port, '/api/fast');
    expect([first, second]).toMatchObject([
      { status: 200, body: 'late' },
      { status: 200, body: 'monolith /api/fast', from: first.from },
    ]);
    const served = await until('both lines', () => {
      const routes = facade.lines.flatMap(({ route }) => (route === undefined ? [] : [route]));
      return routes.length === 2 ? routes : undefined;
    });
    expect(served).toEqual(['slow', 'fast']);
  } finally {
    agent.destroy();
  }
});

test('a file that cannot be taken changes nothing, and readiness says why until it is mended', async () => {
  await write('one', '/api/one');
  const facade = await start();
  const before = await facade.readiness();
  expect(before).toMatchObject({ status: 'ready', plan: { problem: null } });
  await writeFile(join(folder, 'contexts', 'items.mjs'), 'export default { context: ');
  const told = await until('it says so', async () => {
    const seen = await facade.readiness();
    return seen.plan.problem ? seen : undefined;
  });
  expect(told).toMatchObject({
    status: 'degraded',
    plan: {
      plans: before.plan.plans,
      problem: { code: 'CONFIG_INVALID', message: expect.stringContaining('items.mjs') },
    },
  });
  expect(await facade.routes()).toEqual(['/api/one']);
  expect((await ask(facade.port, '/api/one')).status).toBe(200);
  await until('its log says so', () =>
    facade.lines.some(({ code, level }) => code === 'CONFIG_INVALID' && level === 50),
  );
  await write('two', '/api/two');
  await until('it is mended', async () => (await facade.readiness()).plan.problem === null);
  expect(await facade.routes()).toEqual(['/api/two']);
});

test('a facade that does not watch its files reads them on SIGHUP', async () => {
  await write('one', '/api/one');
  const facade = await start({ FACADE_RELOAD: '0' });
  await write('two', '/api/two');
  expect(await facade.routes()).toEqual(['/api/one']);
  void facade.running.kill('SIGHUP');
  await until('the new route', async () => (await facade.routes()).includes('/api/two'));
});
