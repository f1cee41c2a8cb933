import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { createFacade } from '../../src/facade.ts';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type TestControl, startControl } from '../support/control.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

let monolith: Upstream | undefined;
let control: TestControl | undefined;
const facades: RunningFacade[] = [];
afterEach(async () => {
  await Promise.all(facades.splice(0).map((facade) => facade.stop()));
  await Promise.all([monolith?.close(), control?.close()]);
  monolith = undefined;
  control = undefined;
});
async function start(
  rateLimits: object[],
  more: Partial<Parameters<typeof startFacade>[0]> = {},
): Promise<RunningFacade> {
  monolith ??= await startUpstream('monolith');
  const facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, monolith.url)],
    monolithUrl: monolith.url,
    edge: { rateLimits: rateLimits as never },
    ...more,
  });
  facades.push(facade);
  return facade;
}
const get = (facade: RunningFacade, who?: string, path = '/api/items', more = {}) =>
  ask(facade.port, path, { headers: { ...(who && { authorization: who }), ...more } });
const statuses = async (answers: Promise<{ status: number }>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status);

describe.each(['undici', 'middleware'] as const)('limits, through %s', (forwarder) => {
  test('who asked too often waits, and nobody else, on no other route', async () => {
    const facade = await start([{ routes: ['items'], requests: 2, seconds: 600, name: 'reads' }], {
      forwarder,
    });
    const first = await get(facade, 'anna');
    expect(first.status).toBe(200);
    expect(first.headers['ratelimit-policy']).toBe('"reads";q=2;w=600');
    expect(first.headers.ratelimit).toMatch(/^"reads";r=1;t=(600|599)$/);
    expect((await get(facade, 'anna')).headers.ratelimit).toMatch(/r=0/);
    const over = await get(facade, 'anna');
    expect(over.status).toBe(429);
    expect(JSON.parse(over.body)).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(500);
    expect(over.headers.ratelimit).toMatch(/^"reads";r=0;t=\d+$/);
    expect(monolith?.seen).toHaveLength(2);
    expect(
      await statuses([
        get(facade, 'berta'),
        get(facade, undefined),
        get(facade, 'anna', '/api/items/1'),
        get(facade, 'anna', '/elsewhere'),
      ]),
    ).toEqual([200, 200, 200, 200]);
    expect((await get(facade, 'anna', '/elsewhere')).headers.ratelimit).toBeUndefined();
    expect(await facade.metric(/^facade_rejected_total{code="RATE_LIMITED"}/)).toBe(1);
    // a handshake counts like a request
    const handshake = await askRaw(
      facade.port,
      'GET /api/items HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: anna\r\n\r\n',
    );
    expect(handshake).toContain('HTTP/1.1 429 ');
    expect(handshake).toMatch(/\r\nretry-after: \d+\r\n/);
  });

  test('whoever invents identities has an address all the same, which no stranger can invent', async () => {
    const facade = await start(
      [
        { requests: 100, seconds: 600 },
        { requests: 3, seconds: 600, per: 'address', name: 'addresses' },
      ],
      { forwarder },
    );
    const asked = async (index: number) =>
      (await get(facade, `user-${index}`, '/api/items', { 'x-forwarded-for': `9.9.9.${index}` }))
        .status;
    expect([await asked(1), await asked(2), await asked(3), await asked(4)]).toEqual([
      200, 200, 200, 429,
    ]);
  });

  test('behind a proxy of ours the address is the one that came to it', async () => {
    const facade = await start([{ requests: 1, seconds: 600, per: 'address' }], {
      forwarder,
      trustedProxies: ['127.0.0.1'],
    });
    const from = async (said: string) =>
      (await get(facade, 'anna', '/', { 'x-forwarded-for': said })).status;
    expect(await from('1.1.1.1')).toBe(200);
    expect(await from('7.7.7.7, 1.1.1.1')).toBe(429);
    expect(await from('2.2.2.2')).toBe(200);
    expect(await from('2001:db8:1:1::1')).toBe(200);
    expect(await from('2001:db8:1:1::2')).toBe(429);
  });
});

test('facades count together in the control database, and limit nobody while it is away', async () => {
  control = await startControl();
  const rules = [{ routes: ['items'], requests: 2, seconds: 600, store: 'control' }];
  const shared = { controlUrl: control.url };
  const one = await start(rules, { ...shared, name: 'one' });
  const two = await start(rules, { ...shared, name: 'two' });
  expect((await get(one, 'anna')).status).toBe(200);
  expect((await get(two, 'anna')).headers.ratelimit).toMatch(/r=0/);
  expect(await statuses([get(one, 'anna'), get(two, 'anna')])).toEqual([429, 429]);
  expect((await get(two, 'berta')).status).toBe(200);
  const rows = await control.query('SELECT key FROM strangler_control.rate_limits');
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toMatch(/anna|berta/);
  // two rules that allow the same are two counts, and one that stands there twice is one
  const every = { requests: 2, seconds: 600, store: 'control' };
  const three = await start([rules[0] ?? {}, every, every], { ...shared, name: 'three' });
  expect((await get(three, 'eva')).headers.ratelimit).toMatch(/^"[^"]+";r=1;t=\d+, "[^"]+";r=1;/);
  expect(await statuses([get(three, 'eva')])).toEqual([200]);
  expect((await get(three, 'eva')).status).toBe(429);
  await control.allowConnections(false);
  await until('nobody is limited', async () => (await get(two, 'carla')).status === 200);
  expect(await statuses([get(two, 'carla'), get(two, 'carla'), get(two, 'carla')])).toEqual([
    200, 200, 200,
  ]);
  expect(await two.metric(/^facade_edge_failures_total{duty="rateLimits"}/)).toBeGreaterThan(0);
  await control.allowConnections(true);
  await until('the count goes on', async () => (await get(two, 'dora')).status === 429);
});

test.each([
  [[{ requests: 0, seconds: 1 }], /requests/],
  [[{ requests: 1, seconds: 1, per: 'ip' }], /per/],
  [[{ requests: 1, seconds: 1, store: 'control' }], /no control database/],
])('a faulty limit starts no facade: %j', (rateLimits, message) => {
  const monolithUrl = 'http://127.0.0.1:9';
  const options = { contexts: [], monolithUrl, stateDir: '.', name: 'x' };
  expect(() => createFacade({ ...options, edge: { rateLimits: rateLimits as never } })).toThrow(
    message,
  );
});
