import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
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
});
