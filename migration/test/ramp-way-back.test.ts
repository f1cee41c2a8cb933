import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Control, openControl } from '../src/control/index.ts';
import { cli, json, startCli } from './support/cli.ts';
import { openScene, type Scene } from './support/scene.ts';

let scene: Scene;
let control: Control;
beforeAll(async () => {
  scene = await openScene('ramp_back');
  control = await openControl(scene.control.url);
});
afterAll(async () => {
  await control?.close();
  await scene?.close();
});

const flag = async (): Promise<boolean> => (await control.flags.all()).get('rates.quote') ?? false;
/** Answers of a side, of which so many of fifty a second failed, from `from` to `to` seconds from now. */
const traffic = (side: string, errors: number, [from, to]: [number, number]): Promise<unknown> =>
  scene.sql(
    scene.control,
    `INSERT INTO strangler_control.route_stats SELECT 'rates', 'quote', '${side}', clock_timestamp() + n * interval '1 second', 50, ${errors}, ARRAY[50,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[] FROM generate_series(${from}, ${to}) n ON CONFLICT DO NOTHING`,
  );

// One story, told in order: each test begins where the one before ended.
test('a ramp to all at once is refused before a flag is changed when nothing is there to judge by', async () => {
  expect((await cli(['shadow', 'rates', '--sample', '100'], scene.env)).code).toBe(0);
  await scene.sql(
    scene.control,
    `INSERT INTO strangler_control.shadow_counts VALUES ('rates', 'quote', 'match', 1, 10)`,
  );
  for (const more of [[], ['--dry-run']]) {
    const refused = await cli(['ramp', 'rates', '--hold', '200ms', '--json', ...more], scene.env);
    expect(refused.code).toBe(4);
    expect(json(refused)).toMatchObject({
      error: {
        code: 'GATE_REFUSED',
        message: expect.stringContaining('the monolith answered 0 of 5 requests'),
        remedy: expect.stringContaining('gates.rampMinRequests'),
      },
    });
  }
  expect(await flag()).toBe(false);
  expect((await control.contexts.require('rates')).stage).toBe('shadowing');
});

test('the rerun of a ramp that was killed while it watched takes a bad share back to nothing', async () => {
  await traffic('monolith', 0, [-200, 0]);
  const killed = startCli(['ramp', 'rates', '--hold', '60s'], scene.env);
  await killed.shows('100 % of reads to the service');
  killed.child.kill('SIGKILL');
  await killed.done;
  expect(await flag()).toBe(true);
  await scene.sql(scene.control, 'DELETE FROM strangler_control.leases');
  await traffic('service', 25, [0, 300]);
  const back = await cli(['ramp', 'rates', '--hold', '200ms', '--json'], scene.env);
  expect(json(back)).toMatchObject({
    error: { code: 'GATE_REFUSED', message: expect.stringContaining('100 % was taken back: ') },
  });
  expect(await flag()).toBe(false);
});

const named = async (): Promise<number> =>
  (await control.flags.list()).find(({ name }) => name === 'rates.quote')?.identities?.length ?? 0;
const forget = (): Promise<unknown> =>
  scene.sql(scene.control, 'DELETE FROM strangler_control.route_stats');

test('those who are named go to the service without anybody else, are judged by what they got, and taken back', async () => {
  await forget();
  await traffic('monolith', 0, [-200, 300]);
  const byName = ['ramp', 'rates', '--identities', 'ann-7,bob-7', '--hold', '200ms'];
  const planned = await cli([...byName, '--dry-run'], scene.env);
  expect(planned.stdout).toContain('set flags to 0 % and 2 named identities');

  const unseen = await cli([...byName, '--max-wait', '200ms', '--json'], scene.env);
  expect(json(unseen)).toMatchObject({
    error: {
      code: 'TIMEOUT',
      message: '0 % could not be judged: none of the named identities was seen',
      remedy: expect.stringContaining('header:x-client, cookie:sid'),
    },
  });
  expect([await flag(), await named()]).toEqual([false, 0]);

  await traffic('service', 0, [-200, 300]);
  const held = await cli([...byName, '--json'], scene.env);
  expect([held.code, json(held)]).toMatchObject([0, { percent: 0, named: 2 }]);
  // each by both of its sources
  expect([await flag(), await named()]).toEqual([false, 4]);
  const told = await Promise.all([
    cli(['status', 'rates'], scene.env),
    cli(['route', 'rates'], scene.env),
    cli(['routes', 'explain', 'GET /api/rates', '--header', 'x-client: ann-7'], scene.env),
    cli(['routes', 'explain', 'GET /api/rates', '--header', 'x-client: eve-7'], scene.env),
  ]);
  const answers = /answers +(\w+)/;
  expect(told[0].stdout).toMatch(/quote 0 % and named identities/);
  expect(told[1].stdout).toMatch(/quote +0 % and named identities/);
  expect(told[2].stdout).toMatch(/all of those who are named/);
  expect([2, 3].map((at) => answers.exec(told[at]?.stdout ?? '')?.[1])).toEqual([
    'service',
    'monolith',
  ]);

  // a share that is bad goes back to those who were named and judged good, and they go when they are bad themselves
  await forget();
  await traffic('monolith', 0, [-200, 300]);
  await traffic('service', 25, [-200, 300]);
  const bad = await cli([...byName, '--steps', '100', '--json'], scene.env);
  expect(json(bad)).toMatchObject({ error: { code: 'GATE_REFUSED' } });
  expect([await flag(), await named()]).toEqual([false, 4]);
  const worse = await cli([...byName, '--json'], scene.env);
  expect(json(worse)).toMatchObject({
    error: { code: 'GATE_REFUSED', message: expect.stringContaining('0 % was taken back') },
  });
  expect([await flag(), await named()]).toEqual([false, 0]);

  const kept = await scene.sql(
    scene.control,
    `SELECT (SELECT string_agg(j::text, '') FROM strangler_control.journal j) ||
            (SELECT string_agg(e::text, '') FROM strangler_control.evidence e) ||
            (SELECT string_agg(f::text, '') FROM strangler_control.flags f) AS everything`,
  );
  expect(JSON.stringify(kept)).toContain('named');
  expect(JSON.stringify(kept)).not.toMatch(/ann-7|bob-7/);
});
