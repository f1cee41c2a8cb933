import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { cli, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene, shop } from '../support/scene.ts';

let scene: Scene;
let worker: RunningCli | undefined;
beforeAll(async () => {
  scene = await openScene('reload');
  await scene.sql(scene.monolith, `ALTER TABLE products ADD note text DEFAULT 'old'`);
  await scene.sql(scene.service, 'ALTER TABLE items ADD note text');
  for (const side of [scene.monolith, scene.service])
    await scene.sql(side, 'CREATE TABLE labels (id int PRIMARY KEY)');
});
afterEach(async () => {
  worker?.child.kill('SIGTERM');
  await worker?.done;
});
afterAll(async () => scene.close());

const start = async (env: Record<string, string> = {}): Promise<RunningCli> => {
  worker = startCli(['replicate', 'catalog'], { ...scene.env, ...env });
  // A line at most every 5 s: where it starts slowly, the first one says that it has caught up already.
  await worker.shows('forward: ');
  return worker;
};
/** In one step, as deployments do. */
const put = async (text: string): Promise<void> => {
  await writeFile(join(scene.dir, '.next'), text);
  await rename(join(scene.dir, '.next'), join(scene.dir, 'catalog.json'));
};
const write = (change: object): Promise<void> => put(JSON.stringify({ ...shop, ...change }));
const taking = (...columns: string[]) => [
  {
    monolith: 'products',
    service: [
      {
        table: 'items',
        columns: {
          id: 'id',
          name: 'title',
          ...Object.fromEntries(columns.map((name) => [name, name])),
        },
      },
    ],
  },
];
const labels = { monolith: 'labels', service: [{ table: 'labels', columns: { id: 'id' } }] };
/** A row that is written now arrives: the stream goes on. */
async function followed(name: string): Promise<void> {
  await scene.sql(scene.monolith, `INSERT INTO products (name, note) VALUES ('${name}', 'new')`);
  await until(
    `${name} to arrive`,
    async () =>
      (await scene.sql(scene.service, `SELECT FROM items WHERE title = '${name}'`)).length === 1,
  );
}
const workerId = async (): Promise<unknown> =>
  (await scene.sql(scene.control, 'SELECT worker_id FROM strangler_control.watermarks'))[0]
    ?.worker_id;

test('a worker takes up its context file as it runs; one that it cannot take changes nothing and is told of', async () => {
  const running = await start({ STRANGLER_WORKER_PORT: '0', STRANGLER_LOG: 'json' });
  await running.shows('health and metrics');
  const first = await workerId();

  // what no stream rests on is taken without a stop
  await write({ gates: { ...shop.gates, minShadowReads: 6 } });
  await running.shows('(gates); the stream goes on');
  await followed('after a gate');
  expect(await workerId()).toBe(first);

  for (const [refused, why] of [
    ['{ "context": ', 'CONFIG_INVALID'],
    [JSON.stringify({ ...shop, tables: taking('nowhere') }), 'nowhere'],
    [JSON.stringify({ ...shop, tables: [...shop.tables, labels] }), '--reread publishes it'],
    [JSON.stringify({ ...shop, identity: ['cookie:sid'] }), 'another identity'],
    [JSON.stringify({ ...shop, context: 'other' }), 'no context file has it any more'],
  ] as const) {
    await put(refused);
    await running.shows(why);
    await followed(`after ${why}`);
    expect(await workerId()).toBe(first);
  }
  const said = /http:\/\/[\d.:]+/.exec(running.said())?.[0] ?? '';
  expect(await (await fetch(`${said}/health`)).json()).toMatchObject({
    ok: true,
    plan: { problem: { code: 'CONFIG_INVALID' } },
  });

  // the file that is to be: what its columns take more comes also for the rows that were there before
  await write({ tables: taking('note') });
  await running.shows('the stream begins anew');
  await until(
    'the older rows',
    async () =>
      (await scene.sql(scene.service, `SELECT FROM items WHERE note = 'old'`)).length === 50,
  );
  await followed('by the new file');
  expect(await workerId()).not.toBe(first);
  expect((await cli(['verify', 'catalog'], scene.env)).code).toBe(0);
});

test('status names the file that was not taken; with reloading off SIGHUP has it read, and mending it is enough', async () => {
  const running = await start({ STRANGLER_WORKER_RELOAD: '0' });
  await write({ tables: taking('note'), identity: ['cookie:sid'] });
  running.child.kill('SIGHUP');
  await running.shows('is not taken');
  await until('status to say so', async () => {
    const { stdout } = await cli(['status', 'catalog'], scene.env);
    return stdout.includes('works by the context file before: CONFIG_INVALID');
  });
  await write({ tables: taking('note') });
  running.child.kill('SIGHUP');
  await running.shows('the context file is as it was');
  await until('status to be content', async () => {
    const { stdout } = await cli(['status', 'catalog'], scene.env);
    return !stdout.includes('works by the context file before');
  });
});
