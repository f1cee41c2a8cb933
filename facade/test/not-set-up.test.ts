import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const perhaps = ['facade_flags_age_seconds', 'facade_control_up', 'facade_control_age_seconds'];
let monolith: Upstream;
let control: TestControl;
const facades: RunningFacade[] = [];
beforeAll(async () => {
  monolith = await startUpstream('monolith');
  control = await startControl();
});
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop();
});
afterAll(async () => {
  await monolith?.close();
  await control?.close();
});

async function start(options: Partial<Parameters<typeof startFacade>[0]> = {}) {
  const lines: { msg: string; level: number; works?: string; lacks?: string }[] = [];
  const log = pino(
    { level: 'info' },
    new Writable({
      write(line, _encoding, done) {
        lines.push(JSON.parse(String(line)));
        done();
      },
    }),
  );
  const facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, monolith.url)],
    monolithUrl: monolith.url,
    log,
    ...options,
  });
  facades.push(facade);
  return { facade, lines };
}
const seriesOf = async ({ adminPort }: RunningFacade): Promise<string[]> => {
  const lines = (await ask(adminPort, '/metrics')).body.split('\n');
  return perhaps.filter((name) => lines.some((line) => line.startsWith(`${name} `)));
};

test('without Unleash a facade says once, and whenever asked, what works and what does not', async () => {
  const { facade, lines } = await start();
  for (let n = 0; n < 3; n++) expect((await ask(facade.port, '/api/items')).status).toBe(200);
  const said = lines.filter(({ msg }) => msg === 'no flag provider is set');
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchObject({
    level: 40,
    works: expect.stringContaining('reaches the owner'),
    lacks: expect.stringContaining('nothing is mirrored'),
    remedy: expect.stringContaining('UNLEASH_CLIENT_TOKEN'),
  });
  expect(await facade.readiness()).toMatchObject({
    status: 'ready',
    flags: { state: 'off', works: said[0]?.works, lacks: said[0]?.lacks },
  });
});

test('what is not set up has no series that an alert could fire for; what is set up and silent has', async () => {
  const bare = await start();
  expect(await seriesOf(bare.facade)).toEqual([]);
  expect(await seriesOf(bare.facade)).toEqual([]);
  const whole = await start({ ...(await lastKnownFlags({})), controlUrl: control.url });
  expect(await seriesOf(whole.facade)).toEqual(perhaps);
  expect(await whole.facade.metric(/^facade_control_up /)).toBe(1);
  expect(await whole.facade.metric(/^facade_flags_age_seconds /)).toBe(-1);
  expect(whole.lines.filter(({ msg }) => msg === 'no flag provider is set')).toEqual([]);
  expect((await whole.facade.readiness()).flags).not.toHaveProperty('lacks');
});

test('the epoch tells of what kind the data is, so that only what is replicated misses a worker', async () => {
  const { facade } = await start();
  const { body } = await ask(facade.adminPort, '/metrics');
  expect(body).toMatch(/^facade_epoch\{context="items",[^}]*data="none"[^}]*\} 0$/m);
});
