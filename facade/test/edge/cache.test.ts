import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { ask } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { startControl, type TestControl } from '../support/control.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

let monolith: Upstream;
let service: Upstream;
let facade: RunningFacade;
/** Counts what was asked: an answer that says the same again was kept. */
let said: Record<string, string>;
const start = (name: string): Promise<Upstream> => {
  let asked = 0;
  return startUpstream(name, (request, response) => {
    request.resume();
    response.writeHead(200, { 'cache-control': 'max-age=60', ...said });
    response.end(`${name} ${++asked}`);
  });
};
beforeEach(async () => {
  said = {};
  monolith = await start('monolith');
  service = await start('service');
});
afterEach(async () => {
  await facade.stop();
  await monolith.close();
  await service.close();
});
const get = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
  (await ask(facade.port, path, { headers })).body;
const count = (outcome: string) =>
  facade.metric(new RegExp(`^facade_edge_cache_total\\{.*outcome="${outcome}"`));
const edge = { cache: [{ routes: ['items'], maxEntryBytes: 1_000 }] };

describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  beforeEach(async () => {
    facade = await startFacade({
      contexts: [itemsContext('shared', monolith.url, service.url)],
      monolithUrl: monolith.url,
      forwarder,
      edge,
      fixedFlags: { 'items.one': true },
    });
  });

  test('an answer is given again as long as its upstream says, to the byte, and says how old it is', async () => {
    said = { etag: '"1"', 'x-own': 'a' };
    const first = await ask(facade.port, '/api/items');
    const again = await ask(facade.port, '/api/items');
    expect([first.body, again.body]).toEqual(['monolith 1', 'monolith 1']);
    expect(first.headers['x-cache']).toBe('MISS');
    expect(again.headers).toMatchObject({ 'x-cache': 'HIT', etag: '"1"', 'x-own': 'a' });
    expect(Number(again.headers.age)).toBeLessThan(60);
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect([await count('hit'), await count('kept')]).toEqual([1, 1]);
    expect(await get('/api/items?page=2')).toBe('monolith 2');
    expect(await get('/api/items', { host: 'other' })).toBe('monolith 3');
    expect(await get('/other')).toBe('monolith 4');
    expect(await get('/other')).toBe('monolith 5');
  });

  test('each side has its own answers', async () => {
    expect(await get('/api/items')).toBe('monolith 1');
    expect(await get('/api/items/1')).toBe('service 1');
    expect(await get('/api/items/1')).toBe('service 1');
    expect(monolith.seen).toHaveLength(1);
  });

  test('a write of the context forgets all of it, and nothing is kept while it is under way', async () => {
    await get('/api/items');
    await get('/api/items/1');
    await ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
    expect(await get('/api/items')).toBe('monolith 3');
    expect(await get('/api/items/1')).toBe('service 2');
    expect(await get('/api/items/1')).toBe('service 2');
  });

  test('a write whose client left may still be under way: nothing is kept until it would have been given up', async () => {
    let asked = 0;
    let heard = false;
    monolith.server.removeAllListeners('request');
    monolith.server.on('request', (request, response) => {
      request.resume();
      if (request.method === 'POST') return void (heard = true);
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      response.end(`read ${++asked}`);
    });
    await facade.stop();
    const { routes } = itemsContext('shared', monolith.url, service.url);
    facade = await startFacade({
      contexts: [
        itemsContext('shared', monolith.url, service.url, {
          routes: routes.map((route) => ({ ...route, timeoutMs: 3_000 })),
        }),
      ],
      monolithUrl: monolith.url,
      forwarder,
      edge,
    });
    const left = new AbortController();
    const write = ask(facade.port, '/api/items', { method: 'POST', signal: left.signal });
    await until('the write is under way', async () => heard);
    left.abort();
    await expect(write).rejects.toThrow();
    await until('the facade knows', async () => (await facade.metric(/^facade_in_flight /)) === 0);
    expect(await get('/api/items')).toBe('read 1');
    expect(await get('/api/items')).toBe('read 2');
    await until('answers are kept again', async () => {
      await get('/api/items');
      return (await count('hit')) > 0;
    });
  });

  test('a read that began before a write is not kept after it', async () => {
    let free: (() => void) | undefined;
    monolith.server.removeAllListeners('request');
    monolith.server.on('request', (request, response) => {
      request.resume();
      const end = (): void => {
        response.writeHead(200, { 'cache-control': 'max-age=60' });
        response.end('old');
      };
      if (request.method === 'POST') response.end('written');
      else if (free) response.end('new');
      else free = end;
    });
    const slow = get('/api/items');
    await until('the read is under way', () => free !== undefined);
    await ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
    free?.();
    expect(await slow).toBe('old');
    expect(await get('/api/items')).toBe('new');
  });

  test('who says who asks gets only what is public', async () => {
    await get('/api/items');
    expect(await get('/api/items', { cookie: 'sid=1' })).toBe('monolith 2');
    expect(await get('/api/items', { authorization: 'x' })).toBe('monolith 3');
    said = { 'cache-control': 'public, max-age=60' };
    expect(await get('/api/items/1', { cookie: 'sid=1' })).toBe('service 1');
    expect(await get('/api/items/1', { authorization: 'x' })).toBe('service 1');
    expect(await get('/api/items/1')).toBe('service 1');
  });

  test('HEAD, parts and conditions are answered by the upstream', async () => {
    await get('/api/items');
    await ask(facade.port, '/api/items', { method: 'HEAD' });
    await get('/api/items', { range: 'bytes=0-1' });
    await get('/api/items', { 'if-none-match': '"1"' });
    // what changes the answer though the address is the same
    await ask(facade.port, '/api/items', { headers: { 'content-length': '1' }, body: 'x' });
    await get('/api/items', { 'x-http-method-override': 'HEAD' });
    expect(monolith.seen).toHaveLength(6);
    expect(await count('bypass')).toBe(5);
  });

  test('what is too large, or breaks off, is not kept', async () => {
    monolith.server.removeAllListeners('request');
    let asked = 0;
    monolith.server.on('request', (request, response) => {
      asked++;
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '2000' });
      if (request.url === '/api/items') return response.end('x'.repeat(2_000));
      response.write('x'.repeat(500));
      return setImmediate(() => response.destroy());
    });
    await get('/api/items');
    await get('/api/items');
    expect(asked).toBe(2);
    for (const path of ['/api/items?2', '/api/items?2']) await get(path).catch(() => {});
    expect(asked).toBe(4);
    expect(await count('kept')).toBe(0);
  });
});

describe('of a replicated context', () => {
  let control: TestControl;
  beforeEach(async () => {
    control = await startControl();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    said = { 'cache-control': 'public, max-age=60' };
    facade = await startFacade({
      fixedFlags: {},
      contexts: [itemsContext('replicated', monolith.url, service.url)],
      monolithUrl: monolith.url,
      controlUrl: control.url,
      edge,
    });
    await given();
  });
  afterEach(() => control.close());
  /** Until the facade knows that the other side has all that was written, and gives what it kept. */
  const given = (epoch = 1) =>
    until('a kept answer', async () => {
      await control.caughtUp('forward', epoch);
      return (await ask(facade.port, '/api/items?given')).headers['x-cache'] === 'HIT';
    });
  const asked = () => monolith.seen.filter(({ url }) => url === '/api/items').length;

  test('somebody who may be pinned is never given what others were told', async () => {
    await get('/api/items');
    await get('/api/items');
    expect(asked()).toBe(1);
    await get('/api/items', { authorization: 'ann' });
    expect(asked()).toBe(2);
  });

  test('nor is anybody, after somebody without a name wrote through another facade', async () => {
    const told = await get('/api/items?given');
    await get('/api/items');
    await control.query(
      `INSERT INTO strangler_control.pins (context, identity, pinned_at) VALUES ('items', '*', clock_timestamp())`,
    );
    await get('/api/items');
    expect(asked()).toBe(2);
    await given();
    // what was kept before the write is gone, not only passed by
    expect(await get('/api/items?given')).not.toBe(told);
  });

  test('nothing of the epoch before is left when an owner changes, and during a hold nothing is given', async () => {
    await get('/api/items');
    await control.hold(60_000);
    await until('the hold', async () => (await facade.readiness()).contexts.items?.held === true);
    await get('/api/items');
    expect(asked()).toBe(2);
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 2 });
    await until('the epoch', async () => (await facade.readiness()).contexts.items?.epoch === '2');
    await given(2);
    await get('/api/items');
    expect(asked()).toBe(3);
    await get('/api/items');
    expect(asked()).toBe(3);
  });
});
