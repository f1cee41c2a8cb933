import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const shop = 'https://shop.example.com';

describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  let monolith: Upstream;
  let facade: RunningFacade;
  beforeEach(async () => {
    monolith = await startUpstream('monolith', (request, response) => {
      request.resume();
      response.writeHead(200, [
        ...['Vary', 'Accept', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
        ...['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Credentials', 'true'],
      ]);
      response.end('{}');
    });
    facade = await startFacade({
      contexts: [itemsContext('shared', monolith.url, monolith.url)],
      monolithUrl: monolith.url,
      forwarder,
      edge: {
        cors: [
          { routes: ['items'], origins: [shop], credentials: true, exposeHeaders: ['X-Total'] },
        ],
        bodyLimits: [{ routes: ['items.add'], maxBytes: 2 }],
      },
    });
  });
  afterEach(async () => {
    await facade.stop();
    await monolith.close();
  });
  const preflight = (path: string, method: string, origin = shop) =>
    ask(facade.port, path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method },
    });

  test('a preflight of a route is answered here, for the method that it asks about', async () => {
    const answer = await preflight('/api/items/7', 'GET');
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': shop,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET',
      'access-control-max-age': '600',
    });
    const evil = await preflight('/api/items/7', 'GET', 'https://evil.example.com');
    expect(evil.status).toBe(204);
    expect(evil.headers).not.toHaveProperty('access-control-allow-origin');
    expect(evil.headers.vary).toContain('Origin');
    expect(monolith.seen).toEqual([]);
    expect(await facade.metric(/^facade_requests_total\{.*reason="preflight"/)).toBe(2);
  });

  test('what has no rule is asked its upstream as before: other methods, other paths, a plain OPTIONS', async () => {
    await preflight('/api/items/7', 'DELETE');
    await preflight('/other', 'GET');
    await ask(facade.port, '/api/items', { method: 'OPTIONS' });
    expect(monolith.seen.map(({ method }) => method)).toEqual(['OPTIONS', 'OPTIONS', 'OPTIONS']);
  });

  test('an answer says whose pages may read it instead of its upstream, and keeps all else', async () => {
    const answer = await ask(facade.port, '/api/items', { headers: { origin: shop } });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': shop,
      'access-control-expose-headers': 'X-Total',
      vary: 'Accept, Origin',
      'set-cookie': ['a=1', 'b=2'],
    });
    for (const origin of ['https://evil.example.com', undefined]) {
      const other = await ask(facade.port, '/api/items', { headers: origin ? { origin } : {} });
      expect(other.headers).not.toHaveProperty('access-control-allow-origin');
      expect(other.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(other.headers.vary).toBe('Accept, Origin');
    }
    const unclaimed = await ask(facade.port, '/other', { headers: { origin: shop } });
    expect(unclaimed.headers['access-control-allow-origin']).toBe('*');
  });

  test("a page may read why its request was refused, and that its upstream isn't there", async () => {
    const large = await ask(facade.port, '/api/items', {
      method: 'POST',
      body: '123',
      headers: { origin: shop },
    });
    expect([large.status, large.headers['access-control-allow-origin']]).toEqual([413, shop]);
    await monolith.close();
    const dead = await ask(facade.port, '/api/items', { headers: { origin: shop } });
    expect([dead.status, dead.headers['access-control-allow-origin']]).toEqual([502, shop]);
  });

  test('a WebSocket is opened by pages that may ask, by those of the host itself, and by no other', async () => {
    const shake = (origin: string): Promise<string> =>
      askRaw(
        facade.port,
        `GET /api/items HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: sid=1\r\n${origin}\r\n`,
      );
    const evil = await shake('Origin: https://evil.example.com\r\n');
    expect(evil).toMatch(/^HTTP\/1.1 403 .*"code":"ORIGIN_REFUSED"/s);
    expect(monolith.seen).toEqual([]);
    expect(await facade.metric(/^facade_rejected_total\{code="ORIGIN_REFUSED"/)).toBe(1);
    for (const origin of [`Origin: ${shop}\r\n`, 'Origin: https://api.example.com\r\n', '']) {
      const answer = await shake(origin);
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
      expect(answer).not.toMatch(/access-control/i);
      expect(monolith.seen.at(-1)?.headers.cookie).toBe('sid=1');
    }
  });
});

test('an answer for two contexts is read by pages that may read both; a page that may ask for one may ask', async () => {
  const partner = 'https://partner.example.com';
  const dealer = 'https://dealer.example.com';
  const monolith = await startUpstream('monolith', (request, response) => {
    request.resume();
    response.writeHead(200, ['Access-Control-Allow-Origin', '*']).end('{}');
  });
  const context = (name: string): MigrationDefinition => ({
    context: name,
    data: 'shared',
    monolith: { url: monolith.url },
    service: { url: monolith.url },
    routes: [
      {
        name: 'all',
        method: 'POST',
        path: '/graphql',
        kind: 'read',
        graphql: { fields: [name] },
      },
    ],
  });
  const facade = await startFacade({
    contexts: ['items', 'orders', 'stock'].map(context),
    monolithUrl: monolith.url,
    edge: {
      cors: [
        { routes: ['items'], origins: [shop, partner], credentials: true },
        { routes: ['orders'], origins: [shop, dealer], exposeHeaders: ['X-Total'] },
      ],
    },
  });
  const readBy = async (origin: string, query: string): Promise<unknown[]> => {
    const { headers } = await ask(facade.port, '/graphql', {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return ['allow-origin', 'allow-credentials', 'expose-headers'].map(
      (name) => headers[`access-control-${name}`],
    );
  };
  try {
    expect(await readBy(partner, '{ items }')).toEqual([partner, 'true', undefined]);
    expect(await readBy(partner, '{ items orders }')).toEqual([undefined, undefined, undefined]);
    expect(await readBy(shop, '{ items orders }')).toEqual([shop, undefined, undefined]);
    // of one of them its upstream says who may read, and cannot say it for both
    expect(await readBy(shop, '{ items stock }')).toEqual([undefined, undefined, undefined]);
    const preflight = (origin: string) =>
      ask(facade.port, '/graphql', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    for (const origin of [shop, partner, dealer])
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBe(origin);
  } finally {
    await facade.stop();
    await monolith.close();
  }
});
