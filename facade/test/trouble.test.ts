import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { FacadeLimits } from '../src/config/limits.ts';
import { type Answer, ask, askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

/** The service hangs until it is told to go on; the monolith answers at once. */
describe.each(['undici', 'middleware'] as const)('through %s, a slow service', (forwarder) => {
  let monolith: Upstream;
  let service: Upstream;
  let facade: RunningFacade;
  let waiting: ServerResponse[];

  beforeEach(async () => {
    waiting = [];
    monolith = await startUpstream('monolith');
    service = await startUpstream('service', (_request, response) => void waiting.push(response));
  });
  afterEach(async () => {
    await facade?.stop();
    await service?.close();
    await monolith?.close();
  });

  const start = async (limits: Partial<FacadeLimits> = {}, maxRequests = 2): Promise<void> => {
    facade = await startFacade({
      forwarder,
      monolithUrl: monolith.url,
      fixedFlags: { 'items.list': true, 'items.one': true, 'items.add': true },
      contexts: [
        itemsContext('none', monolith.url, service.url, {
          service: { url: service.url, maxRequests },
        }),
      ],
      limits,
    });
  };
  const go = (): void => {
    for (const response of waiting.splice(0)) response.end('late');
  };
  const write = (): Promise<Answer> =>
    ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
  const busy = { status: 503, body: expect.stringContaining('"code":"UPSTREAM_BUSY"') };
  const reached = (count: number) =>
    until(`${count} at the service`, () => waiting.length === count);
  const queued = (count: number) =>
    until(`${count} wait`, async () => (await facade.metric(/^facade_upstream_waiting/)) === count);

  test('has so many requests and so many that wait; more are told to come again', async () => {
    await start({ upstreamMaxWaiting: 3 });
    const first = [write(), write()];
    await reached(2);
    const next = [write(), write(), write()];
    await queued(3);
    const refused = await write();
    expect(refused).toMatchObject(busy);
    expect(refused.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused.body)).toMatchObject({ upstream: 'service', context: 'items' });
    expect(waiting).toHaveLength(2);
    // whoever asks for something else notices nothing
    const others = await Promise.all(
      Array.from({ length: 50 }, () => ask(facade.port, '/elsewhere')),
    );
    expect(others.every(({ status }) => status === 200)).toBe(true);
    go();
    await reached(2);
    go();
    await reached(1);
    go();
    const statuses = (await Promise.all([...first, ...next])).map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(await facade.metric(/^facade_upstream_failures_total\{.*kind="queue-full"/)).toBe(1);
    expect(await facade.metric(/^facade_rejected_total\{code="UPSTREAM_BUSY"/)).toBe(1);
    await until(
      'nobody is in',
      async () => (await facade.metric(/^facade_upstream_requests/)) === 0,
    );
  });

  test('keeps nobody waiting for a turn longer than it may', async () => {
    await start({ upstreamWaitMs: 100 }, 1);
    const first = write();
    await reached(1);
    expect(await write()).toMatchObject(busy);
    expect(await facade.metric(/^facade_upstream_failures_total\{.*kind="queue-timeout"/)).toBe(1);
    go();
    expect((await first).status).toBe(200);
    // the place is free again
    const after = write();
    await reached(1);
    go();
    expect((await after).status).toBe(200);
  });

  test('has its surplus of reads answered by the monolith, and its breaker hears nothing of it', async () => {
    await start({ upstreamMaxWaiting: 1 }, 1);
    const first = write();
    await reached(1);
    const second = write();
    await queued(1);
    const reads = await Promise.all(
      Array.from({ length: 8 }, () => ask(facade.port, '/api/items')),
    );
    expect(reads.map(({ body }) => JSON.parse(body).from)).toEqual(Array(8).fill('monolith'));
    expect(await facade.metric(/^facade_fallbacks_total/)).toBe(8);
    expect(await facade.metric(/^facade_breaker_open/)).toBe(0);
    go();
    await reached(1);
    go();
    await Promise.all([first, second]);
  });

  test('gives places back that a client left, one at the service and one that waited', async () => {
    await start({}, 1);
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(async ({ signal }, index) => {
      if (index === 1) await reached(1);
      return ask(facade.port, '/api/items', { method: 'POST', signal }).catch(() => 'left');
    });
    await queued(1);
    leaving[1]?.abort();
    await queued(0);
    leaving[0]?.abort();
    expect(await Promise.all(left)).toEqual(['left', 'left']);
    // it gave up its turn when it left, and not when its time was over
    expect(await facade.metric(/^facade_upstream_failures_total/)).toBe(0);
    waiting = [];
    const after = write();
    await reached(1);
    go();
    expect((await after).status).toBe(200);
  });

  test('keeps a place for an answer that is not whole yet', async () => {
    await start({ upstreamMaxWaiting: 1 }, 1);
    const first = write();
    await reached(1);
    waiting[0]?.write('half');
    const second = write();
    await queued(1);
    expect(await write()).toMatchObject(busy);
    go();
    await reached(1);
    go();
    expect((await Promise.all([first, second])).map(({ body }) => body)).toEqual([
      'halflate',
      'late',
    ]);
  });

  test('bounds handshakes of WebSockets as well, and lines that stand count no more', async () => {
    await start({ upstreamMaxWaiting: 1 }, 1);
    service.server.on('upgrade', (_request, socket) =>
      socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    );
    const shake = (): Promise<string> =>
      askRaw(
        facade.port,
        [
          'GET /api/items HTTP/1.1',
          'Host: shop',
          'Connection: Upgrade',
          'Upgrade: websocket',
          '',
          '',
        ].join('\r\n'),
      );
    const first = write();
    await reached(1);
    const line = shake();
    await queued(1);
    const refused = await shake();
    expect(refused).toMatch(/^HTTP\/1.1 503 /);
    expect(refused).toContain('retry-after: 1\r\n');
    expect(refused).toContain('"code":"UPSTREAM_BUSY"');
    go();
    expect((await first).status).toBe(200);
    await until('the line stands', async () => (await facade.metric(/^facade_open_upgrades/)) > 0);
    const after = write();
    await reached(1);
    go();
    expect((await after).status).toBe(200);
    await facade.stop();
    expect(await line).toMatch(/^HTTP\/1.1 101 /);
  });

  test('leaves the facade to others: over what it may hold in all, it says so at once', async () => {
    await start({ maxInFlight: 3 }, 9);
    const held = [write(), write(), write()];
    await reached(3);
    const refused = await ask(facade.port, '/elsewhere');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(refused.body).code).toBe('OVERLOADED');
    expect(monolith.seen).toEqual([]);
    expect(await facade.metric(/^facade_rejected_total\{code="OVERLOADED"/)).toBe(1);
    expect(await facade.metric(/^facade_in_flight/)).toBe(3);
    go();
    await Promise.all(held);
    expect((await ask(facade.port, '/elsewhere')).status).toBe(200);
  });
});

describe.each(['undici', 'middleware'] as const)('through %s, a ramp ceiling', (forwarder) => {
  test('lets so many reads a second through to the service, counts the rest, and bounds no write', async () => {
    const monolith = await startUpstream('monolith');
    const service = await startUpstream('service');
    const context = itemsContext('none', monolith.url, service.url);
    const facade = await startFacade({
      forwarder,
      monolithUrl: monolith.url,
      fixedFlags: { 'items.list': true, 'items.one': true, 'items.add': true },
      contexts: [
        {
          ...context,
          rampCeiling: 8,
          routes: context.routes.map((route) =>
            route.name === 'one' ? { ...route, rampCeiling: 1 } : route,
          ),
        },
      ],
    });
    try {
      const began = performance.now();
      const all = (count: number, path: string, method = 'GET') =>
        Promise.all(Array.from({ length: count }, () => ask(facade.port, path, { method })));
      const from = (answers: Answer[], name: string): number =>
        answers.filter(({ status, body }) => status === 200 && JSON.parse(body).from === name)
          .length;
      const one = await all(10, '/api/items/7');
      const list = await all(30, '/api/items');
      const seconds = Math.floor((performance.now() - began) / 1_000) + 1;
      expect(from(one, 'service') + from(one, 'monolith')).toBe(10);
      expect(from(list, 'service') + from(list, 'monolith')).toBe(30);
      expect(from(one, 'service')).toBeGreaterThanOrEqual(1);
      expect(from(one, 'service')).toBeLessThanOrEqual(seconds);
      const reads = from(one, 'service') + from(list, 'service');
      expect(reads).toBeGreaterThanOrEqual(8);
      expect(reads).toBeLessThanOrEqual(8 * seconds);
      expect(await facade.metric(/^facade_ramp_surplus_total/)).toBe(40 - reads);
      expect(await facade.metric(/^facade_requests_total\{.*reason="ceiling"/)).toBe(40 - reads);
      expect(await facade.metric(/^facade_fallbacks_total/)).toBe(0);
      expect(from(await all(30, '/api/items', 'POST'), 'service')).toBe(30);
      // a WebSocket is a read of its route
      service.server.on('upgrade', (_request, socket) =>
        socket.end('HTTP/1.1 410 At the service\r\n\r\n'),
      );
      monolith.server.on('upgrade', (_request, socket) =>
        socket.end('HTTP/1.1 410 At the monolith\r\n\r\n'),
      );
      const shake = `GET /api/items/7 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      const shaken = await Promise.all(
        Array.from({ length: 20 }, () => askRaw(facade.port, shake)),
      );
      expect(shaken.some((text) => text.includes('At the monolith'))).toBe(true);
      expect(shaken.every((text) => /At the (monolith|service)/.test(text))).toBe(true);
    } finally {
      await facade.stop();
      await service.close();
      await monolith.close();
    }
  });
});

describe.each(['undici', 'middleware'] as const)('through %s, several instances', (forwarder) => {
  let monolith: Upstream;
  let facade: RunningFacade;
  let instances: Upstream[];
  /** What each instance does with the requests that it gets. */
  let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];

  const answerAs = (index: number) => (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    request.on('end', () => response.end(`${index}`));
  };
  const start = async (count: number, limits: Partial<FacadeLimits> = {}): Promise<void> => {
    answers = Array.from({ length: count }, (_, index) => answerAs(index));
    monolith = await startUpstream('monolith');
    instances = await Promise.all(
      answers.map((_, index) =>
        startUpstream(`${index}`, (request, response) => answers[index]?.(request, response)),
      ),
    );
    const [url = '', ...more] = instances.map((instance) => instance.url);
    facade = await startFacade({
      forwarder,
      monolithUrl: monolith.url,
      fixedFlags: { 'items.list': true, 'items.one': true, 'items.add': true },
      contexts: [itemsContext('none', monolith.url, url, { service: { url, instances: more } })],
      limits,
    });
  };
  afterEach(async () => {
    await facade?.stop();
    for (const instance of instances) await instance.close();
    await monolith?.close();
  });
  const read = (): Promise<Answer> => ask(facade.port, '/api/items');
  const write = (): Promise<Answer> =>
    ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
  const many = (times: number, one: () => Promise<Answer>) =>
    Promise.all(Array.from({ length: times }, one));
  const seen = (): number[] => instances.map((instance) => instance.seen.length);
  const inState = (state: string): Promise<number> =>
    facade.metric(new RegExp(`^facade_upstream_instances\\{.*state="${state}"`));

  test('share the work: whoever has least gets the next, so a slow one gets little', async () => {
    await start(3);
    expect((await many(30, write)).every(({ status }) => status === 200)).toBe(true);
    expect(seen().every((count) => count >= 5)).toBe(true);
    const waiting: ServerResponse[] = [];
    answers[1] = (_request, response) => void waiting.push(response);
    const before = seen();
    const held = [read(), read(), read()];
    await until('the slow one has its request', () => waiting.length > 0);
    // one by one: each finds the two others idle
    for (let time = 0; time < 20; time++) expect((await read()).status).toBe(200);
    expect((seen()[1] ?? 0) - (before[1] ?? 0)).toBe(waiting.length);
    for (const response of waiting) response.end('1');
    await Promise.all(held);
    expect(await facade.metric(/^facade_upstream_requests/)).toBe(0);
  });

  test('of which one dies: no read notices, it is left alone, and it is asked again when it lives', async () => {
    await start(2);
    const port = instances[1]?.port;
    await instances[1]?.close();
    for (let time = 0; time < 20; time++) {
      const { status, body } = await read();
      expect([status, body]).toEqual([200, '0']);
    }
    expect(await inState('serving')).toBe(1);
    expect(await facade.metric(/^facade_fallbacks_total/)).toBe(0);
    // a write goes where somebody answers
    expect((await many(10, write)).map(({ body }) => body)).toEqual(Array(10).fill('0'));
    instances[1] = await startUpstream('1', answerAs(1), port);
    await until('it is asked again', async () => (await read()).body === '1');
    expect(await inState('serving')).toBe(2);
    const answered = (await many(20, write)).map(({ body }) => body);
    expect(new Set(answered)).toEqual(new Set(['0', '1']));
  });

  test('of which one answers that it cannot: it is left alone after five such answers', async () => {
    await start(2);
    answers[1] = (request, response) => {
      request.resume();
      response.writeHead(503).end('down');
    };
    await until('it is found out', async () => {
      await write();
      return (await inState('serving')) === 1;
    });
    expect(instances[1]?.seen).toHaveLength(5);
    expect((await many(20, write)).every(({ body }) => body === '0')).toBe(true);
  });

  test('that break off: a write is sent once, reads twice at most, and no more than the budget', async () => {
    await start(3);
    const breaks = (request: IncomingMessage): void => void request.socket.destroy();
    answers = [breaks, breaks, breaks];
    const { status } = await write();
    expect(status).toBe(502);
    expect(instances.flatMap(({ seen: all }) => all)).toHaveLength(1);
    // who is asked a second time waits: so many of those under way may
    const known = new Set<unknown>();
    const waiting: ServerResponse[] = [];
    answers = [0, 1, 2].map(() => (request, response) => {
      const id = request.headers['x-request-id'];
      if (known.has(id)) waiting.push(response);
      else request.socket.destroy();
      known.add(id);
    });
    const reads = many(40, read);
    // some of them never came to an instance: the breaker had heard enough
    const others = (): number => monolith.seen.length;
    await until('all had a try', () => waiting.length + others() === 40);
    expect(waiting.length).toBeGreaterThanOrEqual(3);
    expect(waiting.length).toBeLessThanOrEqual(8);
    for (const response of waiting) response.end('again');
    expect((await reads).every((answer) => answer.status === 200)).toBe(true);
    expect(others()).toBe(40 - waiting.length);
    expect(await facade.metric(/^facade_upstream_requests/)).toBe(0);
  });

  test('flapping ones lose no request of others, and everything that was held is given back', async () => {
    await start(3);
    let round = 0;
    answers[2] = (request, response) => {
      if (round++ % 2 === 0) request.socket.destroy();
      else answerAs(2)(request, response);
    };
    for (let time = 0; time < 5; time++) {
      const [ours, others] = await Promise.all([
        many(10, read),
        many(10, () => ask(facade.port, '/elsewhere')),
      ]);
      expect([...ours, ...others].every(({ status }) => status === 200)).toBe(true);
    }
    expect(await facade.metric(/^facade_upstream_requests/)).toBe(0);
    expect(await facade.metric(/^facade_upstream_waiting/)).toBe(0);
  });

  test('take handshakes of WebSockets as well, of which a dead one loses none', async () => {
    await start(2);
    await instances[1]?.close();
    instances[0]?.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 410 At the first\r\n\r\n'),
    );
    const shake = `GET /api/items HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    for (let time = 0; time < 12; time++)
      expect(await askRaw(facade.port, shake)).toMatch(/^HTTP\/1.1 410 /);
    expect(await inState('serving')).toBe(1);
    instances.pop();
  });
});
