import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { upstreamBreaker } from '../resilience/breaker.ts';
import { claimsOf } from '../serving/claim.ts';
import { facadeMetrics } from '../telemetry/metrics.ts';
import type { Arrival, Refused } from './arrival.ts';
import { admit, type FrontDesk } from './front-stage.ts';
import { Strangers } from './strangers.ts';

const claims = claimsOf({
  env: {},
  breaker: () => upstreamBreaker(() => {}),
  definitions: [
    {
      context: 'items',
      data: 'none',
      monolith: { url: 'http://monolith' },
      service: { url: 'http://service' },
      routes: [
        { name: 'list', method: 'GET', path: '/api/items', kind: 'read' },
        {
          name: 'of-a',
          method: 'GET',
          path: '/api/items',
          kind: 'read',
          when: { headers: { 'X-Original-Host': 'a' } },
        },
      ],
    },
  ],
});

function desk() {
  const lines: unknown[] = [];
  const metrics = facadeMetrics();
  const log = pino(
    { base: null, timestamp: false },
    {
      write: (line: string) => void lines.push(JSON.parse(line)),
    },
  );
  const front: FrontDesk = {
    claims,
    metrics,
    log,
    trusted: () => false,
    spans: undefined,
    strangers: new Strangers(log),
  };
  const rejected = async () => (await metrics.rejected.get()).values;
  return { front, lines, rejected };
}

function asking(url: string, headers: Record<string, string> = {}): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  const rawHeaders = Object.entries({ host: 'shop', ...headers }).flat();
  return Object.assign(request, {
    method: 'GET',
    url,
    headers,
    rawHeaders,
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  });
}

describe.each(['request', 'upgrade'] as const)('a %s at the front stage', (entrance) => {
  test('is judged by the headers that upstreams get from it: what only a proxy of ours may say, a stranger has not said', () => {
    const { front } = desk();
    const [proxy, stranger] = [true, false].map((trusted) => {
      const asked = asking('/api/items', { 'x-original-host': 'a' });
      return admit({ ...front, trusted: () => trusted }, asked, entrance) as Arrival;
    });
    expect(proxy?.claim?.route.definition.name).toBe('of-a');
    expect(stranger?.claim?.route.definition.name).toBe('list');
  });

  test('comes in with its canonical path, its trace and the route that claims it', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const arrival = admit(desk().front, asking('/api//%69tems?q=1', { traceparent }), entrance);
    expect(arrival).toMatchObject({
      admitted: true,
      path: '/api/items',
      target: '/api/items?q=1',
      search: '?q=1',
      trace: { traceId: 'a'.repeat(32) },
      claim: {
        route: { definition: { name: 'list' } },
        flags: { route: 'items.list', kill: 'items.kill', shadow: 'items.list.shadow' },
      },
    });
  });

  test('that no context claims comes in too, and goes on as it is spelt', () => {
    const arrival = admit(desk().front, asking('//other/%2F;x/../%7e?%zz'), entrance);
    expect(arrival).toMatchObject({
      admitted: true,
      claim: undefined,
      path: '/other/~',
      target: '//other/%2F;x/../%7e?%zz',
    });
  });

  test('that asks about the server as a whole passes as it is', () => {
    const request = Object.assign(asking('*'), { method: 'OPTIONS' });
    expect(admit(desk().front, request, entrance)).toMatchObject({
      admitted: true,
      method: 'OPTIONS',
      path: '*',
      search: '',
      target: '*',
      claim: undefined,
    });
  });

  test('without a method is a GET', () => {
    const request = Object.assign(asking('/api/items'), { method: undefined });
    const arrival = admit(desk().front, request, entrance);
    expect(arrival).toMatchObject({ method: 'GET', claim: { route: { context: 'items' } } });
  });

  test('that no context claims has no claim, also where a path could be read in two ways', () => {
    const arrival = admit(desk().front, asking('/other'), entrance);
    expect(arrival.admitted && arrival.claim).toBeUndefined();
    expect(Object.keys(arrival)).toContain('claim');
  });

  test('with an address for a target brings its host along', () => {
    const arrival = admit(desk().front, asking('http://shop:81/x', { host: 'other' }), entrance);
    expect(arrival).toMatchObject({ target: '/x', host: 'shop:81' });
  });

  test.each([
    ['PATH_REFUSED', 400, asking('/api/%2fitems')],
    ['PATH_REFUSED', 400, asking('/api/items?x#y')],
    ['PATH_REFUSED', 400, asking('ftp://host/x')],
    ['PATH_REFUSED', 400, asking('*')],
    ['HOST_REFUSED', 400, asking('/', { host: 'a b' })],
    ['HOST_REFUSED', 400, asking('/', { Host: 'two' })],
    ['TRANSFER_ENCODING', 501, asking('/api/items', { 'transfer-encoding': 'gzip, chunked' })],
  ])('is refused with %s once, counted and logged', async (code, status, request) => {
    const { front, lines, rejected } = desk();
    const refused = admit(front, request, entrance);
    expect(refused).toMatchObject({ admitted: false, problem: { status, code } });
    expect(await rejected()).toMatchObject([{ value: 1, labels: { code } }]);
    const { problem } = refused as Refused;
    expect(lines).toMatchObject([
      {
        msg: `${entrance} refused`,
        status,
        code,
        method: 'GET',
        path: request.url?.replace(/\?.*/, ''),
        reason: problem.detail,
        requestId: problem.requestId,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ]);
    // where the next request begins is in doubt after a faulty head only, not after a faulty path
    expect(problem.close).toBe(code !== 'PATH_REFUSED');
  });

  test('is refused for what is wrong with it, in words', () => {
    const detail = (request: IncomingMessage) =>
      (admit(desk().front, request, entrance) as Refused).problem.detail;
    expect(detail(asking('/api/items?x#y'))).toBe(
      'Refused: the request target has a fragment, so that two servers could differ in whose route it is.',
    );
    expect(detail(asking('/api/%2fitems'))).toMatch(
      /^Refused: .+, so that two servers could differ in whose route it is\.$/,
    );
    expect(detail(asking('ftp://host/x'))).toMatch(/^Refused: (?!.*whose route)/);
  });

  test('that no context claims passes with a fragment, as it came', () => {
    const arrival = admit(desk().front, asking('/other?x#y'), entrance);
    expect(arrival).toMatchObject({ admitted: true, target: '/other?x#y', search: '?x#y' });
  });

  test('carries the host that is asked, and tells when it came', () => {
    const before = performance.now();
    const arrival = admit(desk().front, asking('/x', { host: 'shop:82' }), entrance) as Arrival;
    expect(arrival.host).toBe('shop:82');
    expect(arrival.started).toBeGreaterThanOrEqual(before);
    expect(arrival.started).toBeLessThanOrEqual(performance.now());
    expect(admit(desk().front, asking('/x'), entrance)).toMatchObject({ host: '' });
  });

  test('keeps the request id that a trusted proxy gave it, and no other', () => {
    const request = () => asking('/x', { 'x-request-id': 'given' });
    const [ours, others] = [desk().front, desk().front].map((front, index) =>
      admit({ ...front, trusted: () => index === 0 }, request(), entrance),
    ) as [Arrival, Arrival];
    expect(ours.trace.requestId).toBe('given');
    expect(others.trace.requestId).not.toBe('given');
  });

  test('by which a peer speaks like a proxy without our trust has that peer named', () => {
    const { front } = desk();
    admit(front, asking('/x', { 'x-forwarded-for': '1.2.3.4' }), entrance);
    expect(front.strangers.all).toMatchObject([{ headers: ['x-forwarded-for'] }]);
  });

  test('may be a write by another method than it names', () => {
    const request = asking('/api/items', { 'x-http-method-override': 'DELETE' });
    const arrival = admit(desk().front, request, entrance);
    expect(arrival).toMatchObject({
      method: 'GET',
      claim: { route: { definition: { name: 'list', kind: 'write' } } },
    });
  });
});
