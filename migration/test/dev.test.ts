import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { cli, json, type RunningCli, startCli } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

let scene: Scene;
let own: string;
beforeAll(async () => {
  scene = await openScene('dev');
  own = join(scene.dir, 'tmp');
  await mkdir(own);
});
afterAll(async () => scene.close());

const settings = (more: Record<string, string> = {}) => ({ ...scene.env, TMPDIR: own, ...more });
const start = (...args: string[]): RunningCli => startCli(['dev', ...args], settings());
const placesOf = (running: RunningCli): string[] =>
  [...(/all are well: (.*);/.exec(running.said())?.[1] ?? '').matchAll(/http:\S+/g)].map(String);
const answers = async (place: string): Promise<boolean> =>
  fetch(place).then(
    ({ ok }) => ok,
    () => false,
  );
const facades = () => scene.sql(scene.control, 'SELECT FROM strangler_control.instances');
const rows = () => scene.sql(scene.service, 'SELECT FROM items');

test('one command starts facades and the worker, shows who is well, and Ctrl-C leaves nothing of them', async () => {
  const running = start('catalog', '--facades', '2', '--port', '0');
  try {
    await running.shows('all are well');
    const places = placesOf(running);
    expect(places).toHaveLength(2);
    for (const place of places) expect(await answers(`${place}/anything`)).toBe(true);
    await until('the copy', async () => (await rows()).length === 50);
    await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('one more')`);
    await until('the change', async () => (await rows()).length === 51);
    await running.shows('worker catalog | health: streaming, caught up');
    for (const line of ['facade-1       | listening', 'facade-2       | health: ready'])
      expect(running.said()).toContain(line);
    // written when the facade has nothing else to do
    await until('the request is told', () =>
      /facade-1 +\| request .*\/anything/.test(running.said()),
    );
    expect(running.said()).toContain('flags come from the control database');

    running.child.kill('SIGINT');
    const { code, stdout } = await running.done;
    expect(code).toBe(130);
    expect(stdout).toContain('ended: 2 facades, 1 worker');
    expect(stdout).toContain('strangler rollback catalog');
    for (const place of places) expect(await answers(place)).toBe(false);
    expect(await facades()).toHaveLength(0);
    expect(await readdir(own)).toEqual([]);
  } finally {
    running.child.kill('SIGTERM');
  }
});

test('a starter that is killed takes its facades and workers along', async () => {
  const running = start('--port', '0');
  await running.shows('all are well');
  const [place = ''] = placesOf(running);
  expect(await answers(place)).toBe(true);
  running.child.kill('SIGKILL');
  await until('the facade to end', async () => !(await answers(place)));
  await until('it to say goodbye', async () => (await facades()).length === 0);
  await until('the worker to end', async () => {
    const busy = await scene.sql(
      scene.control,
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'strangler-worker%'`,
    );
    return busy.length === 0;
  });
});

test('what ends by itself ends all, with its own words and a code', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    const taken = await cli(['dev', 'rates', '--port', String(port)], settings());
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(/facade-1 \| PORT_IN_USE/);
    expect(taken.stderr).toContain('PART_ENDED: facade-1 ended by itself');
  } finally {
    other.close();
  }
  expect(await facades()).toHaveLength(0);
  // a worker is kept by nothing once it has said why
  const odd = join(scene.dir, 'odd');
  await mkdir(odd);
  const service = [{ table: 'items', columns: { id: 'id', name: 'nowhere' } }];
  await writeFile(
    join(odd, 'odd.json'),
    JSON.stringify({ ...shop, context: 'odd', tables: [{ monolith: 'products', service }] }),
  );
  const unfit = await cli(['dev', '--port', '0'], settings({ STRANGLER_CONTEXTS: odd }));
  expect(unfit.stderr).toMatch(
    /worker odd \| odd may not go on \(replicate\):\n.*no column nowhere/,
  );
  expect(unfit.stderr).toContain('PART_ENDED: worker odd ended by itself (exit code 4)');
  const unleash = { UNLEASH_URL: 'http://127.0.0.1:9/api' };
  const tokenless = await cli(['dev', 'rates', '--port', '0'], settings(unleash));
  expect(tokenless.stderr).toMatch(/facade-1 \| .*UNLEASH_CLIENT_TOKEN/);
  expect([tokenless.code, tokenless.stderr]).toEqual([1, expect.stringContaining('PART_ENDED')]);
});

test('a dry run names the processes and starts none; what makes no sense is a usage error', async () => {
  const dry = await cli(['dev', '--dry-run', '--json', '--facades', '2'], settings());
  expect(json(dry)).toMatchObject({
    actions: [
      { action: 'start facade-1 on http://127.0.0.1:8080 (operators: 8081)' },
      { action: 'start facade-2 on http://127.0.0.1:8090 (operators: 8091)' },
      { action: expect.stringContaining('start worker catalog') },
    ],
  });
  for (const wrong of [
    ['--facades', '0'],
    ['--port', '70000'],
  ])
    expect((await cli(['dev', ...wrong], settings())).code).toBe(2);
  const unknown = await cli(['dev', 'catalgo'], settings());
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean')]);
});
