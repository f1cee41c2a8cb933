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
