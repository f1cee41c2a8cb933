import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { DataKind, HttpMethod, MigrationDefinition } from '@strangler-toolkit/plan';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const facades: RunningFacade[] = [];
const upstreams: Upstream[] = [];
const upstream = async (...args: Parameters<typeof startUpstream>): Promise<Upstream> => {
  const started = await startUpstream(...args);
  upstreams.push(started);
  return started;
};
const start = async (
  definition: MigrationDefinition,
  more: Partial<Parameters<typeof startFacade>[0]> & { flags?: Record<string, number> } = {},
): Promise<RunningFacade> => {
  const { flags, ...options } = more;
  const facade = await startFacade({
    // without flags no Unleash is named: the start would wait for a first state of it
    ...(flags && (await lastKnownFlags(flags))),
    contexts: [definition],
    monolithUrl: definition.monolith.url as string,
    ...options,
  });
  facades.push(facade);
  return facade;
};
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop();
  for (const one of upstreams.splice(0)) await one.close();
});

describe('a write is sent once', () => {
  /** Answers the first request of each connection and resets the connection at the second, having read it. */
  async function closingServer(): Promise<{ url: string; seen: string[]; close: () => void }> {
    const seen: string[] = [];
    const server = net.createServer((socket) => {
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        seen.push(/^(\S+ \S+)/.exec(String(data))?.[1] ?? 'more');
        if (requests++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else socket.resetAndDestroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    return { url: `http://127.0.0.1:${port}`, seen, close: () => void server.close() };
  }
  const methods: readonly HttpMethod[] = ['GET', 'PUT', 'DELETE', 'POST', 'PATCH'];
  const context = (data: DataKind, url: string): MigrationDefinition => ({
    ...itemsContext(data, url, url),
    routes: [
      { name: 'warm', method: 'GET', path: '/warm', kind: 'read' },
      ...methods.map((method) => ({
        name: `write-${method.toLowerCase()}`,
        method,
        path: '/write',
        kind: 'write' as const,
      })),
    ],
  });

  let control: TestControl;
  beforeAll(async () => {
    control = await startControl();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
  });
  afterAll(() => control.close());

  const kinds: readonly DataKind[] = ['none', 'shared', 'replicated'];
  test.each(kinds.flatMap((data) => methods.map((method) => [data, method] as const)))(
    'data %s, %s without a body, on a connection that was just closing',
    async (data, method) => {
      const server = await closingServer();
      try {
        const facade = await start(
          context(data, server.url),
          data === 'replicated' ? { controlUrl: control.url } : {},
        );
        expect((await ask(facade.port, '/warm')).body).toBe('ok');
        const answer = await ask(facade.port, '/write', { method });
        expect(server.seen).toEqual(['GET /warm', `${method} /write`]);
        expect([answer.status, JSON.parse(answer.body).code]).toEqual([
          502,
          'UPSTREAM_UNREACHABLE',
        ]);
      } finally {
        server.close();
      }
    },
  );

  test.each(['PUT', 'DELETE', 'POST', 'PATCH'])(
    'unclaimed, %s without a body, on a connection that was just closing',
    async (method) => {
      const server = await closingServer();
      try {
        const facade = await start(context('none', server.url));
        await ask(facade.port, '/elsewhere');
        const answer = await ask(facade.port, '/elsewhere', { method });
        expect(server.seen).toEqual(['GET /elsewhere', `${method} /elsewhere`]);
        expect(answer.status).toBe(502);
      } finally {
        server.close();
      }
    },
  );

  test.each(['none', 'shared'] as const)(
    'data %s: the service read it and broke off, and the monolith never hears of it',
    async (data) => {
      const monolith = await upstream('monolith');
      let read = '';
      const service = await upstream('service', (request) => {
        request.on('data', (chunk) => (read += String(chunk)));
        request.on('end', () => request.socket.destroy());
      });
      const facade = await start(itemsContext(data, monolith.url, service.url), {
        flags: { 'items.add': 100 },
      });
      const answer = await ask(facade.port, '/api/items', { method: 'POST', body: 'an order' });
      expect(read).toBe('an order');
      expect([answer.status, monolith.seen]).toEqual([502, []]);
    },
  );

  test.each(['none', 'shared'] as const)(
    'data %s: the service answers 503 to it, and that is the answer',
    async (data) => {
      const monolith = await upstream('monolith');
      const service = await upstream('service', (request, response) => {
        request.resume();
        request.on('end', () => response.writeHead(503).end('not now'));
      });
      const facade = await start(itemsContext(data, monolith.url, service.url), {
        flags: { 'items.add': 100 },
      });
      const answer = await ask(facade.port, '/api/items', { method: 'POST', body: 'an order' });
      expect([answer.status, answer.body, monolith.seen]).toEqual([503, 'not now', []]);
    },
  );
});

describe('a write that flags steer', () => {
  test.each(
    (['none', 'shared'] as const).flatMap((data) =>
      (['POST', 'PUT', 'DELETE', 'PATCH'] as const).flatMap((method) =>
        (['breaks off', 'answers 503'] as const).map((how) => [data, method, how] as const),
      ),
    ),
  )(
    'data %s: the service gets a %s without a body and %s, and the monolith never hears of it',
    async (data, method, how) => {
      const monolith = await upstream('monolith');
      const service = await upstream('service', (request, response) => {
        request.resume();
        request.on('end', () =>
          how === 'breaks off' ? request.socket.destroy() : response.writeHead(503).end(),
        );
      });
      const facade = await start(
        {
          ...itemsContext(data, monolith.url, service.url),
          routes: [{ name: 'change', method, path: '/api/items', kind: 'write' }],
        },
        { flags: { 'items.change': 100 } },
      );
      const answer = await ask(facade.port, '/api/items', { method });
      expect([answer.status, service.seen.length, monolith.seen]).toEqual([
        how === 'breaks off' ? 502 : 503,
        1,
        [],
      ]);
    },
  );
});

/** A hold is drained when nothing is under way: what counts too long hangs a cutover, what counts too short loses a write. */
describe('a write is under way until its answer is over', () => {
  interface Ends {
    readonly leaving: AbortController;
    readonly answer: http.ServerResponse;
  }
  test.each<[string, boolean, (ends: Ends) => void]>([
    ['all of it came', true, ({ answer }) => answer.end('the other')],
    ['its writer leaves in the middle', false, ({ leaving }) => leaving.abort()],
    ['its owner breaks off in the middle', false, ({ answer }) => answer.destroy()],
  ])('because %s', async (_why, whole, end) => {
    const begun: http.ServerResponse[] = [];
    const monolith = await upstream('monolith', (request, response) => {
      request.resume();
      response.writeHead(200, { 'content-length': '18' }).write('one half ');
      begun.push(response);
    });
    const facade = await start(itemsContext('replicated', monolith.url, monolith.url));
    const inFlight = () => facade.metric(/^facade_writes_in_flight\{/);
    expect(await inFlight()).toBe(0);
    const leaving = new AbortController();
    const outgoing = http.request({
      ...{ host: '127.0.0.1', port: facade.port, path: '/api/items', method: 'POST' },
      ...{ agent: false, signal: leaving.signal },
    });
    outgoing.on('error', () => {});
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [http.IncomingMessage];
    incoming.on('error', () => {});
    await once(incoming, 'data');
    expect(await inFlight()).toBe(1);
    const closed = new Promise<void>((resolve) => incoming.resume().once('close', resolve));
    end({ leaving, answer: begun[0]! });
    await closed;
    expect(incoming.complete).toBe(whole);
    await until('it is over', async () => (await inFlight()) === 0);
  });
});

describe('who wrote is pinned, however the write ended', () => {
  let control: TestControl;
  beforeEach(async () => {
    control = await startControl();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
  });
  afterEach(() => control.close());

  const pinned = async (): Promise<string[]> =>
    (await control.query('SELECT identity FROM strangler_control.pins ORDER BY 1')).map((row) =>
      String(row.identity),
    );
  const write = { method: 'POST', headers: { authorization: 'ann' }, body: 'x' };
  /** A facade whose monolith ends writes in a way of its own. */
  const endingWrites = async (end: (response: http.ServerResponse) => void, timeoutMs = 30_000) => {
    const monolith = await upstream('monolith', (request, response) => {
      request.resume();
      if (request.method === 'GET') return void response.end('read');
      return void request.on('end', () => end(response));
    });
    const service = await upstream('service');
    const definition = itemsContext('replicated', monolith.url, service.url);
    const facade = await start(
      {
        ...definition,
        routes: definition.routes.map((route) =>
          route.kind === 'write' ? { ...route, timeoutMs } : route,
        ),
      },
      { controlUrl: control.url, flags: { 'items.list': 100 } },
    );
    const servedBy = async (): Promise<unknown> =>
      (await ask(facade.port, '/api/items', { headers: { authorization: 'ann' } })).headers[
        'x-strangler-served-by'
      ];
    await control.caughtUp();
    expect(await servedBy()).toBe('service');
    return { facade, monolith, servedBy };
  };

  test('it was too slow: 504, and the pin stands before the answer', async () => {
    const { facade, servedBy } = await endingWrites(() => {}, 300);
    expect((await ask(facade.port, '/api/items', write)).status).toBe(504);
    expect([await pinned(), await servedBy()]).toEqual([[expect.any(String)], 'monolith']);
  });

  test.each([500, 502, 503])('the owner answered %d', async (status) => {
    const { facade, servedBy } = await endingWrites((response) => response.writeHead(status).end());
    expect((await ask(facade.port, '/api/items', write)).status).toBe(status);
    expect([await pinned(), await servedBy()]).toEqual([[expect.any(String)], 'monolith']);
  });

  test('the owner broke off without an answer', async () => {
    const { facade, servedBy } = await endingWrites((response) => response.destroy());
    expect((await ask(facade.port, '/api/items', write)).status).toBe(502);
    expect([await pinned(), await servedBy()]).toEqual([[expect.any(String)], 'monolith']);
  });

  test('the writer went away before the answer', async () => {
    const { facade, monolith, servedBy } = await endingWrites(() => {});
    const leaving = new AbortController();
    const answer = ask(facade.port, '/api/items', { ...write, signal: leaving.signal });
    answer.catch(() => {});
    await until('the owner has the write', () =>
      monolith.seen.some((request) => request.method === 'POST'),
    );
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await until('the pin stands', async () => (await pinned()).length === 1);
    expect(await servedBy()).toBe('monolith');
  });
});

describe('while writes are held', () => {
  let control: TestControl;
  let monolith: Upstream;
  let service: Upstream;
  beforeEach(async () => {
    control = await startControl();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    monolith = await upstream('monolith');
    service = await upstream('service');
  });
  afterEach(() => control.close());
  const held = async (facade: RunningFacade, milliseconds: number): Promise<void> => {
    await control.hold(milliseconds);
    await until('the facade holds', async () =>
      Boolean((await facade.readiness()).contexts.items?.held),
    );
  };

  test('a write waits no longer than its limit, though the hold goes on', async () => {
    const facade = await start(itemsContext('replicated', monolith.url, service.url), {
      controlUrl: control.url,
      limits: { holdMaxMs: 300 },
    });
    await held(facade, 300_000);
    const answer = await ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
    expect([answer.status, JSON.parse(answer.body).code, answer.headers['retry-after']]).toEqual([
      503,
      'WRITES_HELD',
      '1',
    ]);
    expect((await facade.readiness()).contexts.items?.held).toBe(true);
    expect([monolith.seen, service.seen]).toEqual([[], []]);
  });

  test('a hold that is prolonged again and again changes nothing about that', async () => {
    const facade = await start(itemsContext('replicated', monolith.url, service.url), {
      controlUrl: control.url,
      limits: { holdMaxMs: 600, pollMs: 50 },
    });
    await held(facade, 1_000);
    const prolong = setInterval(() => {
      void control
        .query(
          `UPDATE strangler_control.contexts SET hold_until = clock_timestamp() + interval '1 second'`,
        )
        .catch(() => {});
    }, 50);
    try {
      const answer = await ask(facade.port, '/api/items', { method: 'POST', body: 'x' });
      expect(answer.status).toBe(503);
      expect((await facade.readiness()).contexts.items?.held).toBe(true);
    } finally {
      clearInterval(prolong);
    }
  });

  test('reads ask who owns the data now: the owner may be changing this moment', async () => {
    const facade = await start(itemsContext('replicated', monolith.url, service.url), {
      controlUrl: control.url,
      limits: { pollMs: 600_000 },
    });
    await held(facade, 300_000);
    const servedBy = async (): Promise<unknown> =>
      (await ask(facade.port, '/api/items')).headers['x-strangler-served-by'];
    expect(await servedBy()).toBe('monolith');
    // the flip, and no word of it reaches the facade but the answer to its own question
    await control.query('ALTER TABLE strangler_control.contexts DISABLE TRIGGER contexts_notify');
    await control.query(
      `UPDATE strangler_control.contexts SET owner = 'service', stage = 'service', epoch = 2`,
    );
    expect(await servedBy()).toBe('service');
    expect((await facade.readiness()).contexts.items?.epoch).toBe('1');
  });
});

describe('an answer that has not ended', () => {
  test('gives its headers at once, the first event when it comes', async () => {
    let push: (() => void) | undefined;
    const monolith = await upstream('monolith', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      push = () => void response.write('data: 1\n\n');
    });
    const facade = await start(itemsContext('none', monolith.url, monolith.url));
    for (const path of ['/events', '/api/items']) {
      push = undefined;
      const outgoing = http.get({ host: '127.0.0.1', port: facade.port, path, agent: false });
      // the event is sent only to a client that has the headers
      const [answer] = (await once(outgoing, 'response')) as [http.IncomingMessage];
      expect(answer.headers['content-type']).toBe('text/event-stream');
      (await until('the upstream can send', () => push))();
      const [chunk] = await once(answer, 'data');
      expect(String(chunk)).toBe('data: 1\n\n');
      outgoing.on('error', () => {});
      outgoing.destroy();
    }
  });
});

describe('a read that asks by POST', () => {
  test('and whose body was not kept is never mirrored: a shadow would ask something else', async () => {
    const monolith = await upstream('monolith');
    const service = await upstream('service');
    const facade = await start(
      {
        ...itemsContext('none', monolith.url, service.url),
        routes: [{ name: 'ask', method: 'POST', path: '/api/ask', kind: 'read' }],
      },
      { flags: { 'items.ask': 0, 'items.ask.shadow': 100 }, limits: { shadowConcurrency: 1 } },
    );
    const large = 'x'.repeat(70_000);
    await ask(facade.port, '/api/ask', {
      method: 'POST',
      headers: { 'content-length': large.length },
      body: large,
    });
    await ask(facade.port, '/api/ask', {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
      body: 'of unknown length',
    });
    // mirrored one after the other, so this one comes last
    await ask(facade.port, '/api/ask', {
      method: 'POST',
      headers: { 'content-length': 5 },
      body: 'small',
    });
    await until('the small one is mirrored', () => service.seen.length > 0);
    // a difference is asked for once more, so the small one may come twice
    expect([...new Set(service.seen.map((request) => request.headers['content-length']))]).toEqual([
      '5',
    ]);
  });
});
