import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { shadowFlagName } from '@strangler-toolkit/plan';
import { makeTesterToken } from '@strangler-toolkit/plan/load';
import { createFacade } from '../../src/facade.ts';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const env = { KEY_NOW: 'n'.repeat(32), KEY_BEFORE: 'b'.repeat(32) };
const keys = [{ env: 'KEY_NOW' }, { env: 'KEY_BEFORE' }];
const now = Math.floor(Date.now() / 1_000);
const token = (more: object = {}, key = env.KEY_NOW): string =>
  makeTesterToken(
    {
      contexts: ['items'],
      side: 'service',
      who: 'anna',
      made: now,
      expires: now + 3_600,
      ...more,
    },
    key,
  );

describe.each(['undici', 'middleware'] as const)('testers, through %s', (forwarder) => {
  let monolith: Upstream;
  let service: Upstream;
  let facade: RunningFacade;
  beforeAll(async () => {
    [monolith, service] = (await Promise.all(
      ['monolith', 'service'].map((name) =>
        startUpstream(name, (request, response) => {
          request.resume();
          response.writeHead(200, { 'cache-control': 'max-age=60' });
          response.end(`{"from":"${name}"}`);
        }),
      ),
    )) as [Upstream, Upstream];
    facade = await startFacade({
      contexts: [itemsContext('shared', monolith.url, service.url, { rampCeiling: 1 })],
      monolithUrl: monolith.url,
      debugHeaders: false,
      limits: { shadowConcurrency: 1 },
      forwarder,
      env,
      edge: { testers: { keys, maxHours: 2 }, cache: [{ routes: ['items'] }] },
      fixedFlags: {
        'items.list': false,
        'items.one': true,
        [shadowFlagName('items', 'list')]: true,
      },
    });
  });
  afterAll(async () => {
    await facade?.stop();
    await Promise.all([monolith?.close(), service?.close()]);
  });
  beforeEach(() => {
    monolith.seen.length = 0;
    service.seen.length = 0;
  });
  const read = async (
    headers: Record<string, string>,
    path = '/api/items',
    method = 'GET',
  ): Promise<string> => JSON.parse((await ask(facade.port, path, { headers, method })).body).from;
  // the mirrored reads of others may come as late as they like
  const served = (): Upstream['seen'] =>
    service.seen.filter(({ headers }) => headers['x-strangler-shadow'] === undefined);
  const outcome = (kind: string) =>
    facade.metric(new RegExp(`^facade_edge_testers_total\\{outcome="${kind}"`));

  test('who shows a token reads from its side at 0 %, by header and by cookie, and at 100 % from the other', async () => {
    expect(await read({})).toBe('monolith');
    expect(await read({ 'x-strangler-tester': token() })).toBe('service');
    expect(await read({ cookie: `a=1; strangler-tester=${token()}; b=2` })).toBe('service');
    expect(await read({ 'x-strangler-tester': token({}, env.KEY_BEFORE) })).toBe('service');
    const other = { 'x-strangler-tester': token({ side: 'monolith' }) };
    expect(await read(other, '/api/items/7')).toBe('monolith');
    // a ceiling is for those whom a flag sends there
    const many = Array.from({ length: 4 }, () => read({ 'x-strangler-tester': token() }));
    expect(await Promise.all(many)).toEqual(['service', 'service', 'service', 'service']);
  });

  test('it is told which side it was, and no cache keeps it for others, here or in front', async () => {
    const headers = { 'x-strangler-tester': token() };
    for (let time = 0; time < 2; time++) {
      const answer = await ask(facade.port, '/api/items', { headers });
      expect(answer.headers).toMatchObject({
        'x-strangler-served-by': 'service',
        'cache-control': 'private, no-store',
      });
    }
    expect(served()).toHaveLength(2);
    const others = await ask(facade.port, '/api/items');
    expect(others.headers).not.toHaveProperty('x-strangler-served-by');
    expect(others.headers['cache-control']).toBe('max-age=60');
    expect(await facade.metric(/^facade_requests_total\{.*reason="tester"/)).toBeGreaterThan(1);
  });

  test('a write goes where it goes without, and so does what is of another context', async () => {
    const headers = { 'x-strangler-tester': token() };
    expect(await read(headers, '/api/items', 'POST')).toBe('monolith');
    const strange = { 'x-strangler-tester': token({ contexts: ['orders'] }) };
    expect(await read(strange)).toBe('monolith');
    expect(await read(headers, '/unclaimed')).toBe('monolith');
  });

  test.each([
    ['forged', 'service'],
    ['forged', token({}, 'x'.repeat(32))],
    ['forged', token().split('.').slice(0, 2).join('.') + '.'],
    ['expired', token({ made: now - 7_200, expires: now - 1 })],
    ['too-long', token({ expires: now + 7_201 })],
  ])('%s: %s counts for nothing', async (kind, text) => {
    const before = await outcome(kind);
    expect(await read({ 'x-strangler-tester': text })).toBe('monolith');
    expect(await read({ cookie: `strangler-tester=${text}` })).toBe('monolith');
    expect(await outcome(kind)).toBe(before + 2);
  });

  test('two of them are none: who put the second one there?', async () => {
    const two = `strangler-tester=${token()}; strangler-tester=${token({ side: 'monolith' })}`;
    expect(await read({ cookie: two })).toBe('monolith');
    expect(await outcome('twice')).toBe(1);
  });

  test('no upstream sees it, good or bad, claimed or not, in a request or a handshake', async () => {
    const mine = token();
    const shown = {
      'x-strangler-tester': mine,
      X_Strangler_Tester: mine,
      cookie: `strangler-tester=${mine}`,
    };
    for (const path of ['/api/items', '/unclaimed', '/api/items/7']) await read(shown, path);
    await read({ cookie: `a=1; strangler-tester=bad; b=2` }, '/unclaimed');
    await askRaw(
      facade.port,
      `GET /api/items HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: strangler-tester=${mine}\r\n\r\n`,
    );
    const seen = [...monolith.seen, ...service.seen];
    expect(seen.length).toBeGreaterThan(4);
    const raw = seen.flatMap((one) => one.raw).join('\n');
    expect(raw).not.toMatch(/strangler.tester/i);
    expect(raw).not.toContain(mine);
    expect(raw).toContain('a=1; b=2');
    // and the handshake went where a read does
    expect(served().at(-1)?.headers.upgrade).toBe('websocket');
  });

  test('what a tester reads is evidence of nothing: it is not mirrored', async () => {
    const headers = { 'x-strangler-tester': token({ side: 'monolith' }) };
    for (let time = 0; time < 3; time++) await read(headers, '/api/items?tester=1');
    await read({}, '/api/items?tester=0');
    // one after the other: a tester's would have come before
    await until('a read of somebody else is mirrored', async () =>
      service.seen.some(({ url }) => url === '/api/items?tester=0'),
    );
    expect(service.seen.map(({ url }) => url)).not.toContain('/api/items?tester=1');
  });
});

test.each([
  [{ keys: [] }, /keys/],
  [{ keys: [{ env: 'NO_KEY' }] }, /NO_KEY is not set/],
  [{ keys: [{ env: 'SHORT' }] }, /fewer than 32/],
  [{ keys, maxHours: 0 }, /maxHours/],
])('faulty testers start no facade: %j', (testers, message) => {
  const options = { contexts: [], monolithUrl: 'http://127.0.0.1:9', stateDir: '.', name: 'x' };
  expect(() =>
    createFacade({ ...options, env: { ...env, SHORT: 'x' }, edge: { testers } }),
  ).toThrow(message);
});
