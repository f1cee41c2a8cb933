import { Agent, createServer, request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Router } from 'express';
import pino from 'pino';
import {
  createLogger,
  isShadow,
  Problem,
  propagatedHeaders,
  startService,
  type RunningService,
  type ServiceOptions,
} from '@strangler-toolkit/service-kit';

const running: RunningService[] = [];
const lines: Record<string, unknown>[] = [];

const start = async (options: Partial<ServiceOptions> = {}): Promise<RunningService> => {
  const logger = createLogger('probe', {
    level: 'info',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const service = await startService({
    name: 'probe',
    port: 0,
    logger,
    routes: () => Router(),
    ...options,
  });
  running.push(service);
  return service;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  lines.length = 0;
});

test('a running service tells its port in one log line', async () => {
  const service = await start();
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'listening', port: service.port }));
});

describe('health', () => {
  test('live stays green and ready turns red when a check fails', async () => {
    let broken = false;
    const service = await start({
      checks: {
        database: () => {
          if (broken) throw new Error('gone');
        },
      },
    });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    broken = true;
    const ready = await fetch(`${service.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'failing',
      checks: { database: { ok: false, error: 'gone' } },
    });
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  });
});

describe('a request', () => {
  const echo = (): Router =>
    Router().get(
      '/things/:id',
      (request, response) =>
        void response.json({
          id: request.params.id,
          shadow: isShadow(request),
          outgoing: propagatedHeaders(),
        }),
    );
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('keeps its request id and trace in the answer, the log and further calls', async () => {
    const service = await start({ routes: echo });
    const response = await fetch(`${service.url}/things/7?secret=1`, {
      headers: { 'x-request-id': 'req-1', traceparent, tracestate: 'a=b' },
    });
    const { outgoing } = (await response.json()) as { outgoing: Record<string, string> };
    expect(response.headers.get('x-request-id')).toBe('req-1');
    expect(outgoing).toMatchObject({ 'x-request-id': 'req-1', tracestate: 'a=b' });
    expect(outgoing.traceparent).toMatch(
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/,
    );
    const line = lines.find(({ msg }) => msg === 'request');
    expect(line).toMatchObject({
      route: '/things/:id',
      status: 200,
      requestId: 'req-1',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  test('gets an id of ours when the given one could break a log line', async () => {
    const service = await start({ routes: echo });
    const response = await fetch(`${service.url}/things/7`, {
      headers: { 'x-request-id': 'a b"c' },
    });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is known as a shadow by its header alone, and so are its further calls', async () => {
    const service = await start({ routes: echo });
    const shadow = await fetch(`${service.url}/things/7`, {
      headers: { 'x-strangler-shadow': '1' },
    });
    expect(await shadow.json()).toMatchObject({
      shadow: true,
      outgoing: { 'x-strangler-shadow': '1' },
    });
    const normal = await (await fetch(`${service.url}/things/7`)).json();
    expect(normal).toMatchObject({ shadow: false });
    expect(JSON.stringify(normal)).not.toContain('x-strangler-shadow');
  });

  test('is measured under its route, not its path', async () => {
    const service = await start({ routes: echo });
    await fetch(`${service.url}/things/7`);
    await fetch(`${service.url}/things/8`);
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toContain(
      'http_request_duration_seconds_count{service="probe",method="GET",route="/things/:id",status="200",shadow="0"} 2',
    );
  });
});

describe('problems', () => {
  const failing = (): Router =>
    Router()
      .get('/taken', () => {
        throw new Problem(409, 'Taken', { detail: 'exists' });
      })
      .get('/bug', () => {
        throw new Error('internal secret');
      })
      .get('/half', (_request, response) => {
        response.write('half');
        throw new Error('too late');
      });

  test.each([
    ['/taken', 409, 'exists'],
    ['/bug', 500, undefined],
    ['/nowhere', 404, 'No route for GET /nowhere'],
  ])('%s answers %d as problem+json', async (path, status, detail) => {
    const service = await start({ routes: failing });
    const response = await fetch(service.url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const body = (await response.json()) as Record<string, unknown>;
    expect(body.status).toBe(status);
    expect(body.detail).toBe(detail);
  });

  test('an error after the first byte breaks the answer instead of ending it cleanly', async () => {
    const service = await start({ routes: failing });
    await expect(
      fetch(`${service.url}/half`).then((response) => response.text()),
    ).rejects.toThrow();
  });
});

describe('stopping', () => {
  test('readiness fails first, the running request finishes, then onStop runs', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const entered = Promise.withResolvers<void>();
    const service = await start({
      drainDelayMs: 200,
      routes: () =>
        Router().get('/slow', async (_request, response) => {
          entered.resolve();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          order.push('answered');
          response.json({ done: true });
        }),
      onStop: () => void order.push('onStop'),
    });
    const slow = fetch(`${service.url}/slow`);
    await entered.promise;
    const stopped = service.stop();
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
    release();
    expect(await (await slow).json()).toEqual({ done: true });
    await stopped;
    expect(order).toEqual(['answered', 'onStop']);
    await expect(fetch(service.url)).rejects.toThrow();
  });

  test('an idle keep-alive connection does not hold the stop up', async () => {
    const service = await start();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      httpRequest(`${service.url}/health/live`, { agent }, (response) =>
        response.resume().once('end', resolve),
      )
        .once('error', reject)
        .end();
    });
    const started = performance.now();
    await service.stop();
    agent.destroy();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('a request that never ends is cut off after the limit', async () => {
    const entered = Promise.withResolvers<void>();
    const service = await start({
      stopTimeoutMs: 50,
      routes: () => Router().get('/hung', () => entered.resolve()),
    });
    const hung = fetch(`${service.url}/hung`).then(
      () => 'answered',
      () => 'cut',
    );
    await entered.promise;
    await service.stop();
    expect(await hung).toBe('cut');
    expect(lines).toContainEqual(expect.objectContaining({ cut: 1 }));
  });
});

test('a port in use is refused by number', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  await expect(
    startService({
      name: 'probe',
      port,
      routes: () => Router(),
      logger: pino({ level: 'silent' }),
    }),
  ).rejects.toMatchObject({ code: 'PORT_IN_USE', message: `Port ${port} on 127.0.0.1 is in use` });
  await new Promise((resolve) => blocker.close(resolve));
});
