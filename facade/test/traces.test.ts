import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { trace } from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CollectedSpan,
  type Collector,
  startCollector,
  until,
} from '@strangler-toolkit/dev-stack';
import { openTraces } from '@strangler-toolkit/plan/traces';
import { createLogger, publishEvent, startService } from '@strangler-toolkit/service-kit';
import { Router } from 'express';
import { pino } from 'pino';
import { openRig } from '../../migration/test/outbox/rig.ts';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const json = (_request: IncomingMessage, response: ServerResponse): void => {
  _request.resume();
  response.setHeader('content-type', 'application/json').end('{"name":"chair"}');
};
let control: TestControl;
let collector: Collector;
let monolith: Upstream;
let service: Upstream;
let facade: RunningFacade;
const others: { stop(): Promise<void> }[] = [];
const lines: { msg?: string; level?: number }[] = [];
const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });

const [clientTrace, clientSpan] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const fromClient = (flags = '01'): { traceparent: string } => ({
  traceparent: `00-${clientTrace}-${clientSpan}-${flags}`,
});
const parentIdSeenBy = ({ seen }: Upstream, index = -1): string | undefined =>
  String(seen.at(index)?.headers.traceparent).split('-')[2];
const withId = (id: unknown) => (span: CollectedSpan) =>
  span.kind === 'server' && span.attributes['strangler.request_id'] === id;

beforeAll(async () => {
  control = await startControl();
  await control.setContext({ stage: 'shadowing', owner: 'monolith', epoch: 1 });
  [collector, monolith, service] = await Promise.all([
    startCollector(),
    startUpstream('monolith', json),
    startUpstream('service', json),
  ]);
  facade = await startFacade({
    fixedFlags: { 'items.list.shadow': true },
    monolithUrl: monolith.url,
    controlUrl: control.url,
    contexts: [itemsContext('replicated', monolith.url, service.url)],
    traces: { url: collector.url },
    limits: { shadowTimeoutMs: 60_000, shadowCatchUpMs: 60_000 },
  });
});
afterEach(async () => {
  collector.answer = 200;
  for (const one of others.splice(0)) await one.stop();
});
afterAll(async () => {
  await facade?.stop();
  await Promise.all([collector?.close(), monolith?.close(), service?.close()]);
  await control?.close();
});

/** One without control database. */
const another = async (
  more: Partial<Parameters<typeof startFacade>[0]>,
): Promise<RunningFacade> => {
  const one = await startFacade({
    monolithUrl: monolith.url,
    contexts: [],
    traces: { url: collector.url },
    log,
    ...more,
  });
  others.push(one);
  return one;
};

describe('a request is told', () => {
  test('from the client to the upstream that was asked, each the child of the one before', async () => {
    const answer = await ask(facade.port, '/orders/4711?token=geheim', {
      headers: { ...fromClient(), authorization: 'Bearer geheim', cookie: 'session=geheim' },
    });
    const id = answer.headers['x-request-id'];
    const server = await collector.span('of the request', withId(id));
    expect(server).toMatchObject({
      service: 'strangler-facade',
      name: 'GET',
      traceId: clientTrace,
      parentSpanId: clientSpan,
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/orders/:id',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'strangler.target': 'monolith',
        'strangler.reason': 'unclaimed',
      },
    });
    const client = await collector.span(
      'of the try',
      ({ kind, parentSpanId }) => kind === 'client' && parentSpanId === server.spanId,
    );
    expect(client).toMatchObject({
      name: 'GET',
      traceId: clientTrace,
      attributes: {
        'server.address': '127.0.0.1',
        'server.port': monolith.port,
        'url.full': `${monolith.url}/orders/:id`,
        'http.response.status_code': 200,
        'strangler.reason': 'unclaimed',
      },
    });
    expect(client.attributes).not.toHaveProperty('http.request.resend_count');
    expect(parentIdSeenBy(monolith)).toBe(client.spanId);
    expect(collector.text).not.toMatch(/geheim|4711/);
  });

  test('by its route where a context claims it; a write that was held tells how long', async () => {
    await control.hold(60_000);
    await until('the hold is known', async () => (await facade.readiness()).contexts.items?.held);
    const writing = ask(facade.port, '/api/items', {
      method: 'POST',
      body: '{}',
      headers: { ...fromClient(), authorization: 'ann' },
    });
    await until('it waits', () => facade.metric(/^facade_waiting_writes\b/));
    await control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    const answer = await writing;
    const server = await collector.span('of the write', withId(answer.headers['x-request-id']));
    expect(server).toMatchObject({
      name: 'POST /api/items',
      traceId: clientTrace,
      attributes: {
        'http.route': '/api/items',
        'strangler.context': 'items',
        'strangler.route': 'add',
        'strangler.epoch': '2',
        'strangler.target': 'service',
        'strangler.reason': 'owner',
      },
    });
    const inside = await until('wait and try', () => {
      const found = collector.spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
      return found.length === 2 && found;
    });
    const held = inside.find(({ name }) => name === 'held write');
    expect(held).toMatchObject({
      kind: 'internal',
      attributes: { 'strangler.context': 'items', 'strangler.hold.outcome': 'released' },
    });
    expect(held?.took).toBeGreaterThan(1);
    expect(held?.took).toBeLessThanOrEqual(server.took + 1);
    const asked = inside.find(({ kind }) => kind === 'client');
    expect(asked?.attributes).toMatchObject({ 'strangler.target': 'service' });
    expect(parentIdSeenBy(service)).toBe(asked?.spanId);
    await control.setContext({ stage: 'shadowing', owner: 'monolith', epoch: 3 });
    await until('the owner is known', async () => {
      const { items } = (await facade.readiness()).contexts;
      return items?.epoch === '3';
    });
  });

  test('with every try of it: the side that failed, and the one that answered', async () => {
    const dead = await startUpstream('dead');
    await dead.close();
    const canary = await another({
      fixedFlags: { 'items.one': true },
      contexts: [itemsContext('shared', monolith.url, dead.url)],
    });
    const answer = await ask(canary.port, '/api/items/77', { headers: fromClient() });
    expect(answer.status).toBe(200);
    const server = await collector.span('of it', withId(answer.headers['x-request-id']));
    expect(server).toMatchObject({
      name: 'GET /api/items/:id',
      attributes: { 'strangler.reason': 'fallback', 'strangler.target': 'monolith' },
    });
    const tries = await until('both tries', () => {
      const found = collector.spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
      return found.length === 2 && found;
    });
    expect(tries.map(({ failed, attributes }) => [failed, attributes])).toEqual([
      [
        true,
        expect.objectContaining({ 'strangler.target': 'service', 'error.type': 'unreachable' }),
      ],
      [
        false,
        expect.objectContaining({ 'strangler.target': 'monolith', 'strangler.reason': 'fallback' }),
      ],
    ]);
  });

  test('with the number of a try that is repeated on a new connection', async () => {
    const sockets = new Map<object, number>();
    const closing = await startUpstream('closing', (request, response) => {
      const before = sockets.get(request.socket) ?? 0;
      sockets.set(request.socket, before + 1);
      if (before > 0) request.socket.destroy();
      else json(request, response);
    });
    const one = await another({ monolithUrl: closing.url });
    await ask(one.port, '/a');
    const answer = await ask(one.port, '/b');
    const server = await collector.span('of it', withId(answer.headers['x-request-id']));
    const again = await collector.span(
      'of the second try',
      ({ parentSpanId, attributes }) =>
        parentSpanId === server.spanId && attributes['http.request.resend_count'] === 1,
    );
    expect(again.failed).toBe(false);
    expect(parentIdSeenBy(closing)).toBe(again.spanId);
    await closing.close();
  });

  test('when it is refused, and when it becomes a WebSocket, or not', async () => {
    await ask(facade.port, '/x', { headers: { host: 'a b', ...fromClient() } }).catch(() => {});
    await collector.span(
      'refused',
      ({ attributes }) => attributes['strangler.refused'] !== undefined,
    );
    const upgrade = http.request({
      port: facade.port,
      path: '/socket/12',
      headers: { connection: 'Upgrade', upgrade: 'websocket', ...fromClient() },
    });
    upgrade.on('response', (answer) => answer.resume());
    upgrade.end();
    const decided = await collector.span(
      'of the handshake',
      ({ attributes }) => attributes['strangler.upgrade'] === 'websocket',
    );
    expect(decided).toMatchObject({
      traceId: clientTrace,
      attributes: { 'url.path': '/socket/:id' },
    });
  });
});

test('a shadow is no child of its client: a trace of its own, linked to it, with what came of it', async () => {
  const before = [monolith.seen.length, service.seen.length];
  await control.caughtUp('forward', 3);
  const answer = await ask(facade.port, '/api/items', {
    headers: { ...fromClient(), tracestate: 'a=1', authorization: 'ann' },
  });
  const server = await collector.span('of the read', withId(answer.headers['x-request-id']));
  const shadow = await collector.span('of the shadow', ({ name }) => name.startsWith('shadow '));
  expect(shadow).toMatchObject({
    name: 'shadow GET /api/items',
    parentSpanId: '',
    links: [{ traceId: clientTrace, spanId: server.spanId }],
    attributes: { 'strangler.shadow.outcome': 'match', 'strangler.shadow.differences': 0 },
  });
  expect(shadow.traceId).not.toBe(clientTrace);
  // they were over before it
  const asked = collector.spans.filter(({ parentSpanId }) => parentSpanId === shadow.spanId);
  expect(asked.length).toBeGreaterThan(0);
  const mirrored = [...monolith.seen.slice(before[0]), ...service.seen.slice(before[1])].filter(
    ({ headers }) => headers['x-strangler-shadow'] === '1',
  );
  expect(mirrored.map(({ headers }) => String(headers.traceparent)).toSorted()).toEqual(
    asked.map(({ spanId }) => `00-${shadow.traceId}-${spanId}-01`).toSorted(),
  );
  for (const { headers } of mirrored) expect(headers.tracestate).toBeUndefined();
});

test('a shadow is no child of its client either where no collector is told', async () => {
  const silent = await another({
    traces: undefined as never,
    fixedFlags: { 'items.list.shadow': true },
    contexts: [itemsContext('shared', monolith.url, service.url)],
  });
  const before = service.seen.length;
  await ask(silent.port, '/api/items', { headers: fromClient('00') });
  const shadowed = await until('it is mirrored', () => service.seen[before]);
  expect(shadowed.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(shadowed.headers.traceparent).not.toContain(clientTrace);
});

test('one trace leads from the client through facade, held write, service and outbox to who hears of it', async () => {
  const rig = await openRig('traces');
  const sdk = await openTraces({
    url: collector.url,
    ratio: 0,
    service: 'catalog',
    instance: 'one',
    onSpans: () => {},
    onProblem: () => {},
  });
  // as the service's and the consumer's own SDK: this process is both
  trace.setGlobalTracerProvider(sdk.provider);
  let logged = '';
  const catalog = await startService({
    name: 'catalog',
    port: 0,
    logger: createLogger('catalog', {
      destination: { write: (line: string) => void (logged += line) },
    }),
    routes: ({ logger }) =>
      Router().post('/api/items', async (_request, response) => {
        logger.info('at work');
        await publishEvent(rig.pool, {
          aggregateType: 'order',
          aggregateId: '7',
          type: 'order.placed',
          payload: { n: 1 },
        });
        response.status(201).end();
      }),
  });
  const listener = rig.subscribe();
  await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 4 });
  const moving = await another({
    name: 'moving',
    controlUrl: control.url,
    contexts: [itemsContext('replicated', monolith.url, catalog.url)],
  });
  try {
    await control.hold(60_000);
    await until('the hold is known', async () => (await moving.readiness()).contexts.items?.held);
    const writing = ask(moving.port, '/api/items', { method: 'POST', headers: fromClient() });
    await until('it waits', () => moving.metric(/^facade_waiting_writes\b/));
    await control.setContext({ stage: 'service', owner: 'service', epoch: 5 });
    const answer = await writing;
    expect(answer.status).toBe(201);
    const handled = await collector.span('of the event', ({ kind }) => kind === 'consumer');
    const root = await collector.span('of the write', withId(answer.headers['x-request-id']));
    const way = [handled];
    while (way[0] && way[0].spanId !== root.spanId) {
      const { parentSpanId } = way[0];
      way.unshift(await collector.span('above', ({ spanId }) => spanId === parentSpanId));
    }
    expect(way.map(({ service: of, kind, name }) => [of, kind, name])).toEqual([
      ['strangler-facade', 'server', 'POST /api/items'],
      ['strangler-facade', 'client', 'POST'],
      ['catalog', 'server', 'POST /api/items'],
      ['catalog', 'producer', 'publish order.placed'],
      ['catalog', 'consumer', 'process order.placed'],
    ]);
    expect(root.parentSpanId).toBe(clientSpan);
    expect(new Set(way.map(({ traceId }) => traceId))).toEqual(new Set([clientTrace]));
    await collector.span(
      'of the wait',
      ({ name, parentSpanId }) => name === 'held write' && parentSpanId === root.spanId,
    );
    // one word for it in spans, events and lines
    expect(listener.events[0]?.traceparent).toBe(`00-${clientTrace}-${way[3]?.spanId}-01`);
    expect(logged).toContain(`"traceId":"${clientTrace}","spanId":"${way[2]?.spanId}"`);
  } finally {
    trace.disable();
    await catalog.stop();
    await sdk.close(5_000);
    await rig[Symbol.asyncDispose]();
  }
});

describe('whose traces are told', () => {
  const told = async (one: RunningFacade, headers: object): Promise<boolean> => {
    const sent = await one.metric(/^facade_spans_total/);
    const { headers: answered } = await ask(one.port, '/told', { headers: { ...headers } });
    const [, traceId, , flags] = String(monolith.seen.at(-1)?.headers.traceparent).split('-');
    expect(answered['x-request-id']).toBeDefined();
    if (flags === '00') {
      // what is not told is not on its way either
      expect(await one.metric(/^facade_spans_total/)).toBe(sent);
      return false;
    }
    await collector.span('of it', (span) => span.traceId === traceId);
    return true;
  };

  test('says a proxy of ours for its own; a stranger cannot make us tell more than the share', async () => {
    const none = await another({ traces: { url: collector.url, ratio: 0 } });
    expect(await told(none, {})).toBe(false);
    expect(await told(none, fromClient('01'))).toBe(false);
    const behind = await another({
      traces: { url: collector.url, ratio: 0 },
      trustedProxies: ['127.0.0.1'],
    });
    expect(await told(behind, {})).toBe(false);
    expect(await told(behind, fromClient('01'))).toBe(true);
    expect(await told(behind, fromClient('00'))).toBe(false);
    expect(await told(facade, fromClient('00'))).toBe(false);
  });

  test.each([
    ['nonsense', 'x'.repeat(10_000)],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${clientSpan}-01`],
    ['a forbidden version', `ff-${clientTrace}-${clientSpan}-01`],
    ['digits in capitals', `00-${clientTrace.toUpperCase()}-${clientSpan}-01`],
  ])("%s is nobody's trace: another one begins", async (_what, traceparent) => {
    const answer = await ask(facade.port, '/hostile', { headers: { traceparent } });
    expect(answer.status).toBe(200);
    const server = await collector.span('of it', withId(answer.headers['x-request-id']));
    expect(server.parentSpanId).toBe('');
    expect(server.traceId).not.toBe(clientTrace);
  });

  test('state and baggage of any size go on as they came, and into no span', async () => {
    const tracestate = Array.from({ length: 200 }, (_, index) => `v${index}=fremd`).join(',');
    const baggage = `user=fremd;${'p'.repeat(10_000)}`;
    const answer = await ask(facade.port, '/state', {
      headers: { ...fromClient(), tracestate, baggage },
    });
    await collector.span('of it', withId(answer.headers['x-request-id']));
    expect(monolith.seen.at(-1)?.headers).toMatchObject({ tracestate, baggage });
    expect(collector.text).not.toContain('fremd');
  });
});

describe('a collector', () => {
  test('that is away costs its spans only: counted, said once, and said when it is back', async () => {
    lines.length = 0;
    collector.answer = 400;
    const one = await another({});
    for (let round = 0; round < 2; round++) {
      expect((await ask(one.port, '/away')).status).toBe(200);
      await until('it would not take them', async () => {
        const failed = await one.metric(/^facade_spans_total\{outcome="failed"\}/);
        return failed >= 2 * (round + 1);
      });
    }
    const said = () => lines.filter(({ msg }) => msg?.startsWith('traces are'));
    expect(said()).toMatchObject([{ level: 40, collector: new URL(collector.url).host }]);
    collector.answer = 200;
    await ask(one.port, '/back');
    await until('it is said', () => said().length === 2);
    expect(said()[1]).toMatchObject({ level: 30, msg: 'traces are taken again' });
  });

  test('that never answers keeps no request and no drain waiting', async () => {
    const hanging = await startCollector();
    hanging.answer = 'hang';
    const one = await startFacade({
      monolithUrl: monolith.url,
      contexts: [],
      traces: { url: hanging.url },
    });
    expect((await ask(one.port, '/hang')).status).toBe(200);
    await until('it was asked', () => hanging.asked > 0);
    expect((await ask(one.port, '/hang')).status).toBe(200);
    const started = performance.now();
    await one.stop({ deadlineMs: 100 });
    expect(performance.now() - started).toBeLessThan(4_000);
    await hanging.close();
  });

  test('has the last spans when a facade has drained', async () => {
    const one = await another({});
    const answer = await ask(one.port, '/last');
    others.length = 0;
    await one.stop({ deadlineMs: 5_000 });
    expect(collector.spans.filter(withId(answer.headers['x-request-id']))).toHaveLength(1);
  });
});
