import { Writable } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';

const token = 'a-token-of-operators';
const facades: RunningFacade[] = [];
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop();
});

async function start(options: { adminToken?: string; adminHost?: string } = {}) {
  let log = '';
  const take = new Writable({
    write(line, _encoding, done) {
      log += String(line);
      done();
    },
  });
  const facade = await startFacade({
    ...options,
    log: pino({ level: 'warn' }, take),
    monolithUrl: 'http://127.0.0.1:9',
    contexts: [itemsContext('none', 'http://127.0.0.1:9', 'http://127.0.0.1:9')],
  });
  facades.push(facade);
  return { facade, log: () => log };
}
const asked = async (facade: RunningFacade, path: string, said?: string) => {
  const headers = said === undefined ? {} : { authorization: said };
  return ask(facade.adminPort, path, { headers });
};

test('a port with a token tells strangers whether it is live and ready, and nothing else', async () => {
  const { facade, log } = await start({ adminToken: token, adminHost: '0.0.0.0' });
  expect(await asked(facade, '/health/live')).toMatchObject({
    status: 200,
    body: '{"status":"live"}',
  });
  for (const said of [undefined, `Bearer ${token}x`]) {
    const ready = await asked(facade, '/health/ready', said);
    expect([ready.status, Object.keys(JSON.parse(ready.body))]).toEqual([200, ['status']]);
    for (const path of [
      '/metrics',
      '/routes',
      '/',
      '/health',
      '/METRICS',
      '/metrics/',
      '//metrics',
    ]) {
      const { status, headers, body } = await asked(facade, path, said);
      expect([path, status, headers['www-authenticate'], JSON.parse(body).code]).toEqual([
        path,
        401,
        'Bearer realm="strangler-facade"',
        'ADMIN_TOKEN_REQUIRED',
      ]);
    }
  }
  expect(log()).not.toMatch(/everybody/);
});

test('who says it hears everything', async () => {
  const { facade } = await start({ adminToken: token });
  const said = `Bearer ${token}`;
  expect((await asked(facade, '/metrics', said)).body).toMatch(/^facade_requests_total|# HELP/m);
  expect(JSON.parse((await asked(facade, '/routes', said)).body)).toHaveLength(3);
  expect(JSON.parse((await asked(facade, '/health/ready', said)).body)).toMatchObject({
    contexts: { items: {} },
  });
  expect((await asked(facade, '/elsewhere', said)).status).toBe(404);
});

test('without a token everybody hears it, and a port that others reach is warned about', async () => {
  const { facade, log } = await start({ adminHost: '0.0.0.0' });
  expect((await asked(facade, '/metrics')).status).toBe(200);
  expect(log()).toMatch(/FACADE_ADMIN_TOKEN.*told to everybody who reaches the admin port/);
  expect((await start()).log()).not.toMatch(/everybody/);
});
