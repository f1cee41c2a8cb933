import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  guardChild,
  temporaryFolder,
  type TemporaryFolder,
  until,
} from '@strangler-toolkit/dev-stack';
import { openControl } from '../../migration/src/control/index.ts';
import type { Finding } from '../../migration/src/findings/check.ts';
import { checkFacades } from '../../migration/src/steps/doctor/facades.ts';
import { ask } from './support/client.ts';
import { startControl, type TestControl } from './support/control.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const bin = fileURLToPath(new URL('../bin/facade.js', import.meta.url));
let folder: TemporaryFolder;
let monolith: Upstream;
let database: TestControl;
const held: ServerResponse[] = [];
beforeAll(async () => {
  folder = await temporaryFolder('processes');
  await mkdir(join(folder.path, 'contexts'));
  await writeFile(
    join(folder.path, 'contexts', 'items.json'),
    JSON.stringify({
      context: 'items',
      data: 'shared',
      monolith: { url: { env: 'MONOLITH_URL' } },
      service: { url: 'http://127.0.0.1:9' },
      routes: [{ name: 'list', method: 'GET', path: '/api/items', kind: 'read' }],
    }),
  );
  database = await startControl();
  monolith = await startUpstream('monolith', (request, response) => {
    if (request.url === '/slow') held.push(response);
    else response.end('fine');
  });
});
const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});
afterAll(async () => {
  await monolith?.close();
  await database?.close();
  await folder?.remove();
});

interface Line {
  readonly msg: string;
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly adminPort: number;
  readonly processes?: number;
  readonly process?: number;
}

/** Two processes behind one port. */
function startTwo(env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [bin, '--processes', '2'], {
    env: {
      PATH: process.env.PATH,
      MONOLITH_URL: monolith.url,
      STRANGLER_CONTEXTS: join(folder.path, 'contexts'),
      FACADE_STATE_DIR: join(folder.path, 'state'),
      FACADE_PORT: '0',
      FACADE_ADMIN_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardChild(child);
  started.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const lines = (): Line[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  return {
    child,
    lines,
    stderr: () => stderr,
    exit: once(child, 'exit').then(([code]) => code as number | null),
    whole: () =>
      until(
        'both serve',
        () => lines().find(({ msg, processes }) => msg === 'listening' && processes),
        {
          alsoTell: () => stderr + stdout,
        },
      ),
    pids: (): number[] =>
      lines().flatMap(({ msg, pid }) => (msg === 'a process serves' ? pid : [])),
  };
}
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('two processes share a port, are two instances, are told of at one port; one that dies is started again, and all drain together', async () => {
  const two = startTwo({ STRANGLER_CONTROL_URL: database.url, UNLEASH_URL: '' });
  const { port, adminPort } = await two.whole();
  const ready = async (): Promise<{ status: string; serving: number; of: number }> =>
    JSON.parse((await ask(adminPort, '/health/ready')).body);
  expect(await ready()).toMatchObject({ status: 'ready', serving: 2, of: 2 });
  await Promise.all(Array.from({ length: 20 }, () => ask(port, '/')));
  const served = async (): Promise<string[]> =>
    (await ask(adminPort, '/metrics')).body
      .split('\n')
      .filter((line) => line.startsWith('facade_requests_total{'))
      .map((line) => /process="(\d)"/.exec(line)?.[1] ?? '');
  expect(new Set(await served())).toEqual(new Set(['1', '2']));
  // each is asked by a cutover, and doctor says what that means
  await database.setContext({ stage: 'monolith', owner: 'monolith', epoch: 0, dataKind: 'shared' });
  const hold = await database.hold(60_000);
  await until('both hold', async () => {
    const [row] = await database.query(
      'SELECT count(*)::int AS n FROM strangler_control.instance_contexts WHERE hold_id = $1',
      [hold],
    );
    return row?.n === 2;
  });
  const names = async (): Promise<unknown[]> =>
    (await database.query('SELECT name FROM strangler_control.instances ORDER BY name')).map(
      ({ name }) => name,
    );
  expect(await names()).toEqual(['facade-1', 'facade-2']);
  const control = await openControl(database.url);
  const findings: Finding[] = [];
  await checkFacades(control, (finding) => findings.push(finding));
  await control.close();
  expect(findings[0]).toMatchObject({
    ok: true,
    actual: expect.stringContaining('2 alive (2 share ports'),
  });
  const [first = 0, second = 0] = two.pids();
  const live = async (): Promise<number> => (await ask(adminPort, '/health/live')).status;
  try {
    process.kill(first, 'SIGSTOP');
    await until('one that hangs is missed while a probe still waits', async () => {
      const began = performance.now();
      return (await ready()).serving === 1 && performance.now() - began < 1_000;
    });
    expect(await live()).toBe(200);
    process.kill(second, 'SIGSTOP');
    await until('that all hang is told', async () => (await live()) === 503);
  } finally {
    process.kill(second, 'SIGCONT');
    process.kill(first, 'SIGKILL');
  }
  await until('it is live', async () => (await live()) === 200);
  expect(
    await until('it is said', () =>
      two.lines().find(({ msg }) => msg.includes('is started again')),
    ),
  ).toMatchObject({ process: 1 });
  await until('it is missed', async () => (await ready()).status === 'degraded');
  // the other one answers meanwhile
  expect((await ask(port, '/')).status).toBe(200);
  await until('it is back', async () => (await ready()).serving === 2);
  // under way when all are told to stop: at the first or at the second
  const slow = Array.from({ length: 4 }, () => ask(port, '/slow'));
  await until('they are under way', () => held.length === 4);
  two.child.kill('SIGTERM');
  await until(
    'it is not ready',
    async () => (await ask(adminPort, '/health/ready')).status === 503,
  );
  // whoever stops a whole group tells each of them as well
  for (const pid of two.pids().filter(lives)) process.kill(pid, 'SIGTERM');
  for (const response of held) response.end('late');
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await two.exit).toBe(0);
  expect(two.pids().filter(lives)).toEqual([]);
});

test('none outlives the one that started them', async () => {
  const two = startTwo();
  await two.whole();
  const pids = two.pids();
  expect(pids).toHaveLength(2);
  two.child.kill('SIGKILL');
  await until('all are gone', () => !pids.some(lives));
});

test('what keeps one from serving is said once, with the exit code of a single one', async () => {
  const none = startTwo({ FACADE_EDGE: '/does/not/exist.json' });
  expect(await none.exit).toBe(2);
  expect(none.stderr().match(/^CONFIG_/gm)).toHaveLength(1);
  const taken = startTwo({ FACADE_PORT: String(monolith.port) });
  expect(await taken.exit).toBe(1);
  expect(taken.stderr().match(/^PORT_IN_USE/gm)).toHaveLength(1);
});
