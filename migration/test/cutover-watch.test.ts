import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { type Control, openControl } from '../src/control/index.ts';
import { cli, json, type RunningCli, startCli } from './support/cli.ts';
import { openScene, type Scene } from './support/scene.ts';
import { toCanary } from './support/to-canary.ts';

let scene: Scene;
let control: Control;
let worker: RunningCli | undefined;
beforeAll(async () => {
  scene = await openScene('watch');
  control = await openControl(scene.control.url);
  const copied = await cli(['replicate', 'catalog', '--until-caught-up'], scene.env);
  expect([copied.code, copied.stderr]).toEqual([0, expect.any(String)]);
  await toCanary(control, 'catalog');
  worker = startCli(['replicate', 'catalog'], scene.env);
});
afterAll(async () => {
  worker?.child.kill('SIGTERM');
  await worker?.done;
  await control?.close();
  await scene?.close();
});

/** Writes of one second, as a facade adds them up. */
const written = (side: string, requests: number, errors: number, refused = 0): string =>
  `INSERT INTO strangler_control.route_stats SELECT 'catalog', 'create', '${side}', clock_timestamp(), ${requests}, ${errors}, ARRAY[${requests},0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[], ${refused}`;
const writes = (...some: Parameters<typeof written>): Promise<unknown> =>
  scene.sql(scene.control, written(...some));

async function startCutover(watch: string): Promise<RunningCli> {
  await until(
    'a cutover is possible',
    async () =>
      (await cli(['verify', 'catalog'], scene.env)).code === 0 &&
      (await cli(['cutover', 'catalog', '--dry-run', '--no-facade'], scene.env)).code === 0,
  );
  const { epoch } = await control.contexts.require('catalog');
  const args = ['cutover', 'catalog', '--yes', '--no-facade', '--json', '--watch', watch];
  const running = startCli(args, scene.env);
  const early = running.done.then(({ stdout, stderr }) => {
    throw new Error(`the cutover ended before it watched: ${stdout} ${stderr}`);
  });
  early.catch(() => undefined);
  await Promise.race([early, watching(epoch)]);
  return running;
}

async function watching(epoch: number): Promise<void> {
  await until(
    'the owner changed',
    async () => (await control.contexts.require('catalog')).epoch === epoch + 1,
  );
  await until(
    'it watches',
    async () =>
      (await control.journal.list({ context: 'catalog', step: 'guard' })).at(-1)?.epoch ===
      epoch + 1,
  );
}

test('a service whose writes fail more often than the monolith did gives the data back by itself', async () => {
  await writes('monolith', 100, 1);
  const running = await startCutover('5m');
  await scene.sql(scene.service, `INSERT INTO items (title) VALUES ('written meanwhile')`);
  await writes('service', 40, 20);
  const { code, stdout } = await running.done;
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: 'GATE_REFUSED',
      message: expect.stringContaining('error rate of the service 50 % exceeds the allowed 1.5 %'),
    },
  });
  expect(await control.contexts.require('catalog')).toMatchObject({
    owner: 'monolith',
    stage: 'canary',
    epoch: 3,
  });
  const noted = await control.journal.list({ context: 'catalog', step: 'guard' });
  expect(noted.map(({ status, detail }) => [status, detail.before, detail.after])).toEqual([
    ['started', expect.objectContaining({ requests: 100, errors: 1 }), undefined],
    [
      'failed',
      expect.objectContaining({ requests: 100, errors: 1 }),
      expect.objectContaining({ requests: 40, errors: 20 }),
    ],
  ]);
  expect(
    await scene.sql(scene.monolith, `SELECT 1 FROM products WHERE name = 'written meanwhile'`),
  ).toHaveLength(1);
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('home again')`);
});

test('so does one that answers its writes with 4xx as the monolith never did: no error, and the write is lost', async () => {
  // those that were held come at once, and nothing after them
  await scene.sql(
    scene.control,
    `CREATE FUNCTION released() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       ${written('service', 40, 0, 30)}; RETURN NULL; END $$;
     CREATE TRIGGER released AFTER UPDATE ON strangler_control.contexts FOR EACH ROW
       WHEN (OLD.owner = 'monolith' AND NEW.owner = 'service') EXECUTE FUNCTION released()`,
  );
  const running = await startCutover('5m');
  const { code, stdout } = await running.done;
  await scene.sql(scene.control, 'DROP FUNCTION released CASCADE');
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: 'GATE_REFUSED',
      message: expect.stringContaining('the service refuses 75 % of its requests (4xx)'),
      details: { watched: { after: { errors: 0, refused: 30 } } },
    },
  });
  expect(await control.contexts.require('catalog')).toMatchObject({ owner: 'monolith' });
  await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('home once more')`);
});

test('one that is as good keeps it; the figures stand in the answer and in the journal', async () => {
  const running = await startCutover('3s');
  await writes('service', 50, 0);
  const done = await running.done;
  expect([done.code, json(done)]).toMatchObject([
    0,
    { owner: 'service', watched: { verdict: 'keep', after: { requests: 50, errors: 0 } } },
  ]);
  expect((await control.journal.list({ context: 'catalog', step: 'guard' })).at(-1)).toMatchObject({
    status: 'done',
    detail: { after: { requests: 50 } },
  });
});
